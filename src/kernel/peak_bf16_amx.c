/* The peak of bf16 tile products: four independent accumulators, operands that stay in tiles. */
#include "kernel/peak.h"
#include "kernel/tile.h"

static void run(const sn_call *c) {
    const sn_peak_attr *attr = c->attr;
    tiles_begin();
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
    _tile_zero(6);
    _tile_zero(7);
    for (int64_t i = 0; i < attr->iterations; i++) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_release();
    *attr->flops = 4.0 * 2 * 16 * 16 * 32 * (double)attr->iterations;
}

const sn_kernel sn_kernel_peak_bf16_amx = {
    .op = "peak_bf16", .name = "amx", .isa = SN_ISA_AMX, .rank = 1, .applicable = sn_peak_applicable, .run = run};
