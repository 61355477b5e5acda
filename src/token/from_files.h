/* Fills an empty tokenizer from what a vocabulary file holds. On failure the caller frees the tokenizer. */
#ifndef SN_TOKEN_FROM_FILES_H
#define SN_TOKEN_FROM_FILES_H

#include "file/json.h"
#include "file/llama2c_tokenizer.h"
#include "file/spm.h"
#include "file/tiktoken.h"
#include "token/tokenizer.h"

sn_status sn_tokenizer_fill_spm(sn_tokenizer *t, const sn_spm *f);
sn_status sn_tokenizer_fill_llama2c(sn_tokenizer *t, const sn_llama2c_tokenizer *f);
sn_status sn_tokenizer_fill_tiktoken(sn_tokenizer *t, const sn_tiktoken *f);
/* tokenizer.json as data; an unknown part is SN_ERR_UNSUPPORTED with its name. */
sn_status sn_tokenizer_fill_json(sn_tokenizer *t, const sn_json *root);
/* tokenizer_config.json and special_tokens_map.json: names of special tokens, the chat template. */
sn_status sn_tokenizer_read_config(sn_tokenizer *t, const sn_json *config);

#endif
