/* SentencePiece models. */
#include "fuzz.h"

#include "file/spm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_spm *spm;
    if (sn_spm_open_memory("fuzz", data, size, NULL, &spm) != SN_OK) return 0;
    for (int64_t i = 0; i < spm->n_pieces; i++) fuzz_read(spm->pieces[i].text.data, spm->pieces[i].text.size);
    fuzz_read(spm->normalizer.charsmap.data, spm->normalizer.charsmap.size);
    fuzz_read(spm->unk_surface.data, spm->unk_surface.size);
    sn_spm_close(spm);
    return 0;
}
