/* "Did you mean ...": the nearest of some known words. */
#include "suan/status.h"

#include <string.h>

static int smallest(int a, int b, int c) {
    int least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein distance of words of at most 31 letters; longer ones are cut. */
static int edit_distance(const char *a, const char *b) {
    enum { most = 32 };
    int row[most + 1], la = (int)strnlen(a, most - 1), lb = (int)strnlen(b, most - 1);
    for (int j = 0; j <= lb; j++) row[j] = j;
    for (int i = 1; i <= la; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= lb; j++) {
            int above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[lb];
}

const char *sn_nearest(const char *word, const char *const *words, int n) {
    const char *best = NULL;
    int least = (int)strlen(word) / 2 + 1;
    for (int i = 0; i < n; i++) {
        int distance = edit_distance(word, words[i]);
        if (distance < least) {
            least = distance;
            best = words[i];
        }
    }
    return best;
}
