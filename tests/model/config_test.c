/* Configurations: spellings that mean the same, and malformed ones that are refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/config.h"
#include "model_common.h"

#define BASE                                                                                                           \
    "\"hidden_size\":64,\"num_hidden_layers\":3,\"num_attention_heads\":4,\"intermediate_size\":96,"                   \
    "\"vocab_size\":50,\"max_position_embeddings\":256"
#define LLAMA "{\"model_type\":\"llama\"," BASE

static sn_arena arena;

static sn_status parse(const char *json, sn_model_config *c) {
    sn_json_doc *doc = NULL;
    const sn_family *family;
    sn_status status = sn_json_parse("config.json", json, strlen(json), NULL, &doc);
    if (status == SN_OK) status = sn_config_from_json(sn_json_root(doc), "config.json", &arena, &family, c);
    sn_json_free(doc);
    return status;
}

static int teardown(void **state) {
    (void)state;
    sn_arena_free(&arena);
    return 0;
}

static void the_plain_form(void **state) {
    (void)state;
    sn_model_config c;
    assert_ok(parse(LLAMA "}", &c));
    assert_string_equal(c.family, "llama");
    assert_int_equal(c.n_kv_heads, 4);
    assert_int_equal(c.d_head, 16);
    assert_int_equal(c.rope.n_rot, 16);
    assert_int_equal(c.rope.layout, SN_PAIR_HALVES);
    assert_true(c.rope.base == 10000);
    assert_int_equal(c.rope.scaling, SN_ROPE_PLAIN);
    assert_int_equal(c.train_length, 256);
    assert_int_equal(c.window, 0);
}

/* Each line is one meaning in many spellings. */
static const char *const yarn[] = {
    LLAMA
    ",\"rope_theta\":5000,\"rope_scaling\":{\"type\":\"yarn\",\"factor\":4,\"original_max_position_embeddings\":64}}",
    LLAMA ",\"rope_theta\":5000.0,\"rope_scaling\":{\"rope_type\":\"yarn\",\"factor\":4.0,"
          "\"original_max_position_embeddings\":64,\"attention_factor\":null}}",
    LLAMA ",\"rope_theta\":5000,\"original_max_position_embeddings\":64,"
          "\"rope_scaling\":{\"type\":\"yarn\",\"rope_type\":\"yarn\",\"factor\":4,\"finetuned\":true}}",
    LLAMA ",\"rope_parameters\":{\"rope_type\":\"yarn\",\"rope_theta\":5000,\"factor\":null,"
          "\"original_max_position_embeddings\":64}}",
    LLAMA ",\"rope_scaling\":null,\"rope_parameters\":{\"full_attention\":{\"rope_type\":\"yarn\",\"rope_theta\":5000,"
          "\"factor\":4,\"original_max_position_embeddings\":64}}}",
    NULL};
static const char *const longrope[] = {
    LLAMA ",\"original_max_position_embeddings\":64,\"rope_scaling\":{\"type\":\"su\",\"short_factor\":"
          "[1,1,1,1,1,1,1,1],\"long_factor\":[2,2,2,2,2,2,2,2]}}",
    LLAMA
    ",\"rope_parameters\":{\"rope_type\":\"longrope\",\"factor\":4,\"rope_theta\":10000,"
    "\"original_max_position_embeddings\":64,\"short_factor\":[1,1,1,1,1,1,1,1],\"long_factor\":[2,2,2,2,2,2,2,2]}}",
    NULL};
static const char *const plain[] = {LLAMA ",\"rope_scaling\":null}",
                                    LLAMA ",\"rope_scaling\":{}}",
                                    LLAMA ",\"rope_parameters\":{\"rope_type\":\"default\",\"rope_theta\":10000.0}}",
                                    LLAMA ",\"rope_scaling\":{\"type\":\"default\"},\"rope_theta\":1e4}",
                                    LLAMA ",\"rope_scaling\":{\"rope_type\":null}}",
                                    NULL};
static const char *const *const spellings[] = {yarn, longrope, plain};

static void spellings_mean_the_same(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        sn_model_config first, c;
        assert_ok(parse(spellings[i][0], &first));
        for (int k = 1; spellings[i][k]; k++) {
            assert_ok(parse(spellings[i][k], &c));
            if (memcmp(&c.rope, &first.rope, sizeof c.rope) != 0) fail_msg("it differs: %s", spellings[i][k]);
        }
    }
}

static void layer_kinds_get_their_own_base(void **state) {
    (void)state;
    sn_model_config c;
    assert_ok(
        parse("{\"model_type\":\"qwen2\"," BASE ",\"sliding_window\":32,\"use_sliding_window\":true,"
              "\"layer_types\":[\"full_attention\",\"sliding_attention\",\"full_attention\"],\"rope_parameters\":{"
              "\"full_attention\":{\"rope_type\":\"linear\",\"factor\":2,\"rope_theta\":1e6},"
              "\"sliding_attention\":{\"rope_type\":\"default\",\"rope_theta\":10000}}}",
              &c));
    assert_int_equal(c.layer_windowed[0], 0);
    assert_int_equal(c.layer_windowed[1], 1);
    assert_int_equal(c.window, 32);
    assert_int_equal(c.rope.window, 0);
    assert_int_equal(c.rope_local.window, 32);
    assert_true(c.rope.base == 1e6 && c.rope_local.base == 1e4);
    assert_int_equal(c.rope.scaling, SN_ROPE_LINEAR);
    assert_int_equal(c.rope_local.scaling, SN_ROPE_PLAIN);
}

static void qwen_uses_its_window_only_when_told(void **state) {
    (void)state;
    sn_model_config c;
    assert_ok(parse("{\"model_type\":\"qwen2\"," BASE ",\"sliding_window\":32,\"max_window_layers\":1}", &c));
    assert_int_equal(c.window, 0);
    assert_ok(parse("{\"model_type\":\"qwen2\"," BASE
                    ",\"sliding_window\":32,\"max_window_layers\":1,\"use_sliding_window\":true}",
                    &c));
    assert_int_equal(c.window, 32);
    assert_int_equal(c.layer_windowed[0], 0);
    assert_int_equal(c.layer_windowed[1], 1);
    assert_ok(parse("{\"model_type\":\"mistral\"," BASE ",\"sliding_window\":32}", &c));
    assert_int_equal(c.layer_windowed[0], 1);
    assert_ok(parse("{\"model_type\":\"mistral\"," BASE ",\"sliding_window\":null}", &c));
    assert_int_equal(c.window, 0);
}

typedef struct refusal {
    const char *json;
    sn_status status;
    const char *says;
} refusal;

static const refusal refusals[] = {
    {"[]", SN_ERR_FORMAT, "no JSON object"},
    {"{}", SN_ERR_FORMAT, "model_type"},
    {"{\"model_type\":3}", SN_ERR_FORMAT, "model_type"},
    {"{\"model_type\":\"mamba\"}", SN_ERR_UNSUPPORTED, "mamba"},
    {"{\"model_type\":\"llama\"}", SN_ERR_FORMAT, "layers"},
    {LLAMA ",\"residual_multiplier\":0.22}", SN_ERR_UNSUPPORTED, "residual_multiplier"},
    {LLAMA ",\"rope_interleaved\":true}", SN_ERR_UNSUPPORTED, "rope_interleaved"},
    {LLAMA ",\"hidden_act\":\"swoosh\"}", SN_ERR_UNSUPPORTED, "swoosh"},
    {LLAMA ",\"hidden_act\":7}", SN_ERR_FORMAT, "hidden_act"},
    {LLAMA ",\"num_key_value_heads\":3}", SN_ERR_FORMAT, "share"},
    {LLAMA ",\"num_key_value_heads\":-4}", SN_ERR_FORMAT, "key heads"},
    {LLAMA ",\"head_dim\":-8}", SN_ERR_FORMAT, "head size"},
    {LLAMA ",\"head_dim\":15}", SN_ERR_FORMAT, "15"},
    {LLAMA ",\"head_dim\":99999}", SN_ERR_FORMAT, "head size"},
    {LLAMA ",\"rms_norm_eps\":-1}", SN_ERR_FORMAT, "epsilon"},
    {LLAMA ",\"rms_norm_eps\":\"small\"}", SN_ERR_FORMAT, "rms_norm_eps"},
    {LLAMA ",\"rope_theta\":0.0}", SN_ERR_FORMAT, "base"},
    {LLAMA ",\"rope_theta\":-10}", SN_ERR_FORMAT, "base"},
    {LLAMA ",\"rope_scaling\":{\"type\":\"mrope\",\"factor\":2}}", SN_ERR_UNSUPPORTED, "mrope"},
    {LLAMA ",\"rope_scaling\":{\"factor\":2}}", SN_ERR_FORMAT, "no type"},
    {LLAMA ",\"rope_scaling\":{\"type\":\"linear\"}}", SN_ERR_FORMAT, "type linear needs a \"factor\""},
    {LLAMA ",\"rope_scaling\":{\"type\":\"dynamic\"}}", SN_ERR_FORMAT, "type dynamic needs a \"factor\""},
    {LLAMA ",\"rope_scaling\":{\"type\":\"yarn\"}}", SN_ERR_FORMAT, "type yarn needs a \"factor\""},
    {LLAMA ",\"rope_scaling\":{\"type\":\"yarn\",\"original_max_position_embeddings\":64}}", SN_ERR_FORMAT,
     "type yarn needs a \"factor\""},
    {LLAMA ",\"rope_scaling\":{\"type\":\"yarn\",\"factor\":null}}", SN_ERR_FORMAT, "type yarn needs a \"factor\""},
    {LLAMA ",\"rope_scaling\":{\"type\":\"linear\",\"factor\":-2}}", SN_ERR_FORMAT, "factor"},
    {LLAMA ",\"rope_scaling\":{\"type\":\"linear\",\"factor\":[2]}}", SN_ERR_FORMAT, "factor"},
    {LLAMA ",\"rope_scaling\":{\"type\":\"linear\",\"rope_type\":\"yarn\",\"factor\":2}}", SN_ERR_FORMAT, "yarn"},
    {LLAMA ",\"rope_scaling\":{\"type\":\"yarn\",\"factor\":2,\"low_freq\":1}}", SN_ERR_UNSUPPORTED, "low_freq"},
    {LLAMA ",\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":2}}", SN_ERR_FORMAT, "low_freq_factor"},
    {LLAMA ",\"rope_scaling\":{\"rope_type\":\"longrope\",\"short_factor\":[1],\"long_factor\":[1]}}", SN_ERR_FORMAT,
     "1 factors for 8"},
    {LLAMA ",\"rope_scaling\":{\"rope_type\":\"longrope\",\"short_factor\":[1],\"long_factor\":[1,2]}}", SN_ERR_FORMAT,
     "1 short and 2 long"},
    {LLAMA ",\"rope_scaling\":{\"rope_type\":\"longrope\",\"short_factor\":[1,1,1,1,1,1,1,0],"
           "\"long_factor\":[1,1,1,1,1,1,1,1]}}",
     SN_ERR_FORMAT, "factor 7"},
    {LLAMA ",\"rope_scaling\":\"yarn\"}", SN_ERR_FORMAT, "rope_scaling"},
    {LLAMA ",\"rope_parameters\":{\"full_attention\":{},\"chunked_attention\":{}}}", SN_ERR_UNSUPPORTED, "chunked"},
    {LLAMA ",\"layer_types\":[\"full_attention\"]}", SN_ERR_FORMAT, "1 entries for 3"},
    {LLAMA ",\"layer_types\":[\"full_attention\",\"mamba\",\"full_attention\"]}", SN_ERR_UNSUPPORTED, "mamba"},
    {LLAMA ",\"num_hidden_layers\":2}", SN_ERR_FORMAT, "num_hidden_layers"}, /* twice */
    {"{\"model_type\":\"smollm3\"," BASE ",\"no_rope_layers\":[1,0,2]}", SN_ERR_FORMAT, "no_rope_layers"},
    {"{\"model_type\":\"gpt_neox\"," BASE ",\"rotary_pct\":1.5}", SN_ERR_FORMAT, "share of a head"},
    {"{\"model_type\":\"gpt2\",\"n_embd\":64,\"n_layer\":2,\"n_head\":4,\"n_positions\":32,\"vocab_size\":50,"
     "\"scale_attn_by_inverse_layer_idx\":true}",
     SN_ERR_UNSUPPORTED, "scale_attn_by_inverse_layer_idx"},
    {"{\"model_type\":\"llama\",\"hidden_size\":1e18}", SN_ERR_FORMAT, "hidden_size"},
    {"{\"model_type\":\"llama\",\"hidden_size\":9007199254740991,\"num_hidden_layers\":4096,\"num_attention_heads\":1,"
     "\"vocab_size\":1,\"max_position_embeddings\":1}",
     SN_ERR_FORMAT, "width"},
};

static void malformed_ones_are_refused_by_name(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        sn_model_config c;
        sn_status status = parse(refusals[i].json, &c);
        if (status != refusals[i].status || !strstr(sn_last_error(), refusals[i].says))
            fail_msg("%s: %s: %s", refusals[i].json, sn_status_name(status), status ? sn_last_error() : "accepted");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_plain_form), cmocka_unit_test(spellings_mean_the_same),
                                       cmocka_unit_test(layer_kinds_get_their_own_base),
                                       cmocka_unit_test(qwen_uses_its_window_only_when_told),
                                       cmocka_unit_test(malformed_ones_are_refused_by_name)};
    return cmocka_run_group_tests(tests, NULL, teardown);
}
