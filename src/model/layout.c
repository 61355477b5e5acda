/* Presets of window and full layers. */
#include "suan/model.h"

#include "base/size.h"

#include <math.h>

int64_t sn_layout_hwfa(int64_t n_layers, int64_t train_length, double share, uint8_t *windowed, uint8_t *rotary) {
    for (int64_t i = 0; i < n_layers; i++) windowed[i] = rotary[i] = i < n_layers - 1;
    if (n_layers < 2) return 0;
    int64_t reach = (int64_t)(share * (double)train_length);
    return sn_max_i64(1, 1 + (reach - 1) / (n_layers - 1));
}

void sn_layout_hwfa2(int64_t n_layers, int64_t n_full, uint8_t *windowed, uint8_t *rotary) {
    for (int64_t i = 0; i < n_layers; i++) windowed[i] = rotary[i] = 1;
    for (int64_t j = 1; j <= n_full; j++) {
        int64_t at = (int64_t)floor((double)(j * n_layers) / (double)(n_full + 1) + 0.5);
        if (at < n_layers) windowed[at] = 0;
    }
}
