/* The keys that only files of suan's own family have: one table for GGUF and config.json, reading and writing. */
#ifndef SN_MODEL_CONFIG_SUAN_H
#define SN_MODEL_CONFIG_SUAN_H

#include "file/gguf_write.h"
#include "file/json_write.h"
#include "model/config.h"

/* Whether the name (in GGUF without "suan.") is one of them. */
bool sn_suan_gguf_key(const char *name);
bool sn_suan_json_key(const char *name);
/* Into the draft; absent keys leave it. Wrong kinds and unknown words are refused by name. */
sn_status sn_suan_from_gguf(const sn_gguf *file, sn_config_draft *draft);
sn_status sn_suan_from_json(const sn_json *root, sn_config_draft *draft);
/* All of them. */
sn_status sn_suan_to_gguf(const sn_model_config *config, sn_gguf_out *out);
void sn_suan_to_json(const sn_model_config *config, sn_json_out *out);

#endif
