/* Writing models: the tensors of a file format, made from a model's weights row by row. */
#ifndef SN_MODEL_CONVERT_H
#define SN_MODEL_CONVERT_H

#include "base/threads.h"
#include "file/tensor_list.h"
#include "model/mixture.h"

struct sn_converter;

/* One tensor of the target file: one weight, or several that the format keeps in one. */
typedef struct sn_target {
    struct sn_converter *converter;
    char name[96];
    const sn_tensor *parts[3];
    sn_weight_id ids[3];
    int n_parts;
    unsigned flags; /* SN_RULE_... */
    sn_dtype dtype;
    int n_dims;
    int64_t rows, columns; /* of the matrix [out, in]; shape[] is as the file has it */
    int64_t shape[2];
} sn_target;

typedef struct sn_converter {
    sn_model *m;
    const char *path;
    const sn_convert_options *options;
    const sn_mixture *mixture; /* NULL: stored types */
    sn_pair_layout layout;     /* of the target */
    sn_target *targets;
    int64_t n_targets, done, total; /* done and total: bytes of the target's tensors */
    int64_t n_fell_back;            /* targets whose rows do not fill the mixture's blocks; the first in words */
    char fell_back[160];
    sn_team *team;
    sn_arena arena;
} sn_converter;

typedef sn_status (*sn_add_tensor_fn)(void *file, const sn_target *target, sn_data_fn fn, void *user);

/* Lists the targets by the family's rules for the format. float_only: block types become f32. */
sn_status sn_targets_make(sn_converter *k, const sn_name_rule *rules, const char *prefix, bool float_only);
/* Which row of the model's weight becomes row r of one in that layout: the rotated pairs of a head may lie apart
 * (halves) or side by side (interleaved). */
int64_t sn_row_in_layout(const sn_model_config *config, sn_pair_layout layout, sn_weight_id id, int64_t r);
/* Streams one target's bytes; user is the sn_target. */
sn_status sn_target_put(sn_data_sink *sink, void *user);

sn_status sn_convert_gguf(sn_converter *k);
sn_status sn_convert_safetensors(sn_converter *k);
/* config.json of the model in the spelling every transformers version reads. */
sn_status sn_config_write_json(const sn_model *m, sn_dtype dtype, const sn_tokenizer *tokenizer, const char *path);
/* The options' tokenizer (owned by the caller: *owned), or the model's own; NULL where there is none. */
sn_status sn_convert_tokenizer(sn_converter *k, sn_tokenizer **owned, const sn_tokenizer **out);

#endif
