/* Stories: what is recalled was told, at the offsets and distances that are promised. */
#include "suan/story.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_the_same_story_for_the_same_number(void **state) {
    sn_story_options o = sn_story_defaults();
    sn_story a, b, c;
    (void)state;
    o.seed = 5;
    o.words = 500;
    assert_int_equal(sn_story_write(&o, 7, &a), SN_OK);
    assert_int_equal(sn_story_write(&o, 7, &b), SN_OK);
    assert_int_equal(sn_story_write(&o, 8, &c), SN_OK);
    assert_string_equal(a.text, b.text);
    assert_int_equal(a.size, (int64_t)strlen(a.text));
    assert_true(strcmp(a.text, c.text) != 0);
    sn_story_free(&a);
    sn_story_free(&b);
    sn_story_free(&c);
}

/* The answer stands word for word at its source, and nothing like it stands between: the text from the name of the
 * person on is the fact's key. */
static void test_answers_were_told_before(void **state) {
    sn_story_options o = sn_story_defaults();
    sn_story s;
    int64_t questions = 0;
    (void)state;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_OK);
    assert_true(s.n_recalls > 150);
    for (int64_t i = 0; i < s.n_recalls; i++) {
        const sn_recall *r = &s.recalls[i];
        int64_t n = r->answer_end - r->answer;
        assert_true(n > 0 && r->source >= n && r->source < r->answer && r->answer_end < s.size);
        assert_memory_equal(s.text + r->answer, s.text + r->source - n, (size_t)n);
        assert_true(i == 0 || s.recalls[i - 1].answer_end < r->answer);
        if (!r->question) continue;
        questions++;
        assert_non_null(memchr(s.text + r->answer - 60, '?', 60));
        const char *end = strstr(s.text + r->answer_end, ".\"");
        assert_true(end && end - (s.text + r->answer_end) <= 6);
    }
    assert_true(questions > s.n_recalls / 3 && questions < s.n_recalls * 2 / 3);
    sn_story_free(&s);
}

/* "What does X eat?" has one answer in a story. */
static void test_facts_do_not_change(void **state) {
    sn_story_options o = sn_story_defaults();
    sn_story s;
    char first[64] = "";
    (void)state;
    o.words = 20000;
    assert_int_equal(sn_story_write(&o, 3, &s), SN_OK);
    const char *key = strstr(s.text, " eats ");
    assert_non_null(key);
    const char *name = key;
    while (name > s.text && name[-1] != ' ' && name[-1] != '"') name--;
    size_t n = (size_t)(key - name) + strlen(" eats ");
    int found = 0;
    for (const char *p = s.text; (p = strstr(p, " eats ")); p++) {
        const char *begin = p - (key - name);
        if (begin <= s.text || begin[-1] == '-' || strncmp(begin, name, n) != 0) continue;
        size_t size = strcspn(begin + n, ".,");
        if (found++ == 0) memcpy(first, begin + n, size);
        assert_int_equal(strlen(first), size);
        assert_memory_equal(begin + n, first, size);
    }
    assert_true(found > 1);
    sn_story_free(&s);
}

static void test_distances_are_even_over_the_octaves(void **state) {
    sn_story_options o = sn_story_defaults();
    int64_t count[64] = {0}, near = 0, far = 0;
    (void)state;
    o.words = 20000;
    for (int64_t i = 0; i < 4; i++) {
        sn_story s;
        assert_int_equal(sn_story_write(&o, i, &s), SN_OK);
        for (int64_t k = 0; k < s.n_recalls; k++) {
            int octave = 0;
            for (int64_t d = s.recalls[k].answer - s.recalls[k].source; d > 1; d >>= 1) octave++;
            count[octave]++;
        }
        sn_story_free(&s);
    }
    for (int k = 0; k < 64; k++) *(k < 8 ? &near : &far) += k < 8 || k > 13 ? count[k] : 0;
    for (int k = 8; k <= 13; k++) assert_in_range(count[k], 450, 700);
    assert_in_range(near, 450, 800);
    assert_in_range(far, 350, 700);
}

static void test_nothing_is_recalled_from_farther_back(void **state) {
    sn_story_options o = sn_story_defaults();
    sn_story s;
    int64_t far = 0;
    (void)state;
    o.farthest = 240;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_OK);
    assert_true(s.n_recalls > 150);
    for (int64_t i = 0; i < s.n_recalls; i++) {
        int64_t distance = s.recalls[i].answer - s.recalls[i].source;
        assert_in_range(distance, 1, 240 * 5 + 100); /* the sentence itself comes on top */
        far += distance > 600;
    }
    assert_true(far > s.n_recalls / 10);
    sn_story_free(&s);
    o.farthest = -1;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_ERR_ARGUMENT);
}

/* Every kind of fact is told by a verb of its own. */
static int kinds_in(const char *text) {
    static const char *const verbs[] = {" calls ", " trusts ", " keeps ", " eats ",
                                        " sells ", " grows ",  " fears ", " collects "};
    int n = 0;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) n += strstr(text, verbs[i]) != NULL;
    return n;
}

static void test_kinds_and_people(void **state) {
    sn_story_options o = sn_story_defaults();
    sn_story s;
    (void)state;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_OK);
    assert_int_equal(kinds_in(s.text), 8);
    sn_story_free(&s);
    o.kinds = 2;
    for (int64_t people = 2; people <= 64; people *= 2) {
        o.people = people;
        assert_int_equal(sn_story_write(&o, 0, &s), SN_OK);
        assert_int_equal(kinds_in(s.text), 2);
        sn_story_free(&s);
    }
    o.people = 65;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_ERR_ARGUMENT);
    o.people = 1;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_ERR_ARGUMENT);
    o.people = 2;
    o.kinds = 9;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_ERR_ARGUMENT);
}

static void test_wrong_options_and_no_memory(void **state) {
    sn_story_options o = sn_story_defaults();
    sn_story s;
    (void)state;
    o.recalls = 0.95;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_ERR_ARGUMENT);
    o = sn_story_defaults();
    o.words = -1;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_ERR_ARGUMENT);
    o.words = 300;
    for (int64_t n = 0;; n++) {
        sn_alloc_fail_after(n);
        sn_status status = sn_story_write(&o, 0, &s);
        sn_alloc_fail_after(-1);
        if (status == SN_OK) break;
        assert_int_equal(status, SN_ERR_MEMORY);
        assert_null(s.text);
    }
    sn_story_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_story_for_the_same_number),
        cmocka_unit_test(test_answers_were_told_before),
        cmocka_unit_test(test_facts_do_not_change),
        cmocka_unit_test(test_distances_are_even_over_the_octaves),
        cmocka_unit_test(test_nothing_is_recalled_from_farther_back),
        cmocka_unit_test(test_kinds_and_people),
        cmocka_unit_test(test_wrong_options_and_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
