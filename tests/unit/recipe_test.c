/* Recipe files and claims: what is read, what is refused in which words, which claims hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file_test.h"

#include "study/recipe.h"
#include "suan/tokenizer.h"

static sn_status parse(const char *text, const char *base, bool mini, sn_recipe **out) {
    return sn_recipe_parse("dir/a.recipe", text, strlen(text), base, base ? strlen(base) : 0, mini, out);
}

static int needs_libconfig(void **state) {
    (void)state;
    sn_recipe *r;
    if (parse("", NULL, false, &r) == SN_ERR_UNSUPPORTED) {
        print_message("recipe: skipped, this build has no libconfig\n");
        return 1;
    }
    return 0;
}

/* ---- Claims ---- */

static const char *const names[] = {"none", "pi", "ntk-old"};
enum { N_NAMES = 3 };
/* accuracy 10 r + t, loss its tenth */
static const sn_recipe_score scores[N_NAMES * SN_RECIPE_TESTS] = {{0, 0.0},  {1, 0.1},  {2, 0.2},  {10, 1.0}, {11, 1.1},
                                                                  {12, 1.2}, {20, 2.0}, {21, 2.1}, {22, 2.2}};

static void test_claims(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool holds;
    } cases[] = {
        {"pi@in > none@in", true},
        {"pi@in < none@in", false},
        {"none@in < pi@in", true},
        {"pi@long >= pi@repeated + 1", true},
        {"pi@long > pi@repeated + 1", false},
        {"pi@long <= pi@repeated + 1", true},
        {"pi@long < pi@repeated + 1", false},
        {"ntk-old@long >= pi@long >= none@long", true},
        {"ntk-old@long >= none@long >= pi@long", false},
        {"none@long >= pi@long >= none@in", false},
        {"ntk-old@in >= 2 * pi@in", true},
        {"ntk-old@in > 2 * pi@in", false},
        {"ntk-old@in > 2 * pi@in - 0.5", true},
        {"ntk-old@in > 19.5", true},
        {"20.5 > ntk-old@in", true},
        {"  ntk-old@long.loss\t> 2.1  ", true},
        {"ntk-old@long.loss > 2.3", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sn_claim c;
        print_message("%s\n", cases[i].text);
        assert_int_equal(sn_recipe_claim_parse(cases[i].text, names, N_NAMES, &c), SN_OK);
        assert_int_equal(sn_recipe_claim_holds(&c, scores), cases[i].holds);
    }
}

static void test_refused_claims(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "a term is wanted"},
        {"pi@in", "at least two terms"},
        {"pi@in > ", "a term is wanted"},
        {"pi@in == none@in", "<, <=, >, >=, = or ~ is wanted"},
        {"pi@in>none@in", "is no test"},
        {"ntk-odl@in > 3", "did you mean ntk-old"},
        {"pi@inside > 3", "is no test"},
        {"pi@in + x > 3", "a number is wanted"},
        {"pi > 3", "is no row@test"},
        {"2 * 3 > pi@in", "is no row@test"},
        {"1 < 2 < 3 < 4 < 5 < 6 < 7 < 8 < 9", "more than 8 terms"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sn_claim c;
        print_message("%s\n", cases[i].text);
        assert_int_not_equal(sn_recipe_claim_parse(cases[i].text, names, N_NAMES, &c), SN_OK);
        assert_non_null(strstr(sn_last_error(), cases[i].says));
    }
}

/* ---- Files ---- */

static const char sound[] = "title = \"t\"; base = \"x\"; seeds = 2;\n"
                            "train = { steps = 5; };\n"
                            "models = { a = { model = { layers = 6; }; }; b = { extend = \"ntk:factor=2\"; }; };\n"
                            "rows = { x = { published = \"1 - 3\"; }; y = { model = \"a\"; mini = false; };\n"
                            "         z = { model = \"b\"; extend = \"rerope:window=8\"; }; };\n"
                            "orderings = { o = { claim = \"x@in < y@in\"; }; p = { claim = \"z@in < x@in\"; }; };\n"
                            "mini = { seeds = 1; train = { steps = 2; }; };\n";
static const char base[] = "train = { steps = 9; batch = 7; }; test = { windows = 3; }; mini = { seeds = 4; };";

static void test_file(void **state) {
    (void)state;
    static const sn_recipe_place place = {"text.txt", "t.json", "folder", 3, 2};
    sn_recipe *r;
    sn_train_config *c;
    assert_int_equal(parse(sound, base, false, &r), SN_OK);
    assert_string_equal(sn_recipe_name(r), "a");
    assert_int_equal(r->n_models, 3);
    assert_int_equal(r->n_rows, 3);
    assert_int_equal(r->n_claims, 2);
    assert_int_equal(r->test.windows, 3);
    assert_int_equal(sn_recipe_trainings(r), 6);
    assert_int_equal(sn_recipe_config(r, 1, &place, &c), SN_OK);
    assert_int_equal(c->steps, 5);
    assert_int_equal(c->batch, 7);
    assert_int_equal(c->model.layers, 6);
    assert_int_equal(c->seed, 3);
    assert_int_equal(c->threads, 2);
    assert_string_equal(c->data, "text.txt");
    assert_string_equal(c->tokenizer, "t.json");
    assert_string_equal(c->out, "folder");
    assert_string_equal(c->extend, "");
    sn_train_config_free(c);
    assert_int_equal(sn_recipe_config(r, 2, &place, &c), SN_OK);
    assert_string_equal(c->extend, "ntk:factor=2");
    assert_int_equal(c->model.layers, 4);
    sn_train_config_free(c);
    sn_recipe_free(r);
}

/* The row y is left out, with its model and the ordering that names it; z moves up. */
static void test_mini(void **state) {
    (void)state;
    sn_recipe *r;
    assert_int_equal(parse(sound, base, true, &r), SN_OK);
    assert_int_equal(r->seeds, 1);
    assert_int_equal(r->n_rows, 2);
    assert_string_equal(r->rows[1].name, "z");
    assert_int_equal(sn_recipe_trainings(r), 2);
    assert_int_equal(r->n_claims, 1);
    assert_string_equal(r->claims[0].name, "p");
    assert_int_equal(sn_recipe_cell_row(r->claims[0].claim.terms[0].cell), 1);
    assert_int_equal(sn_recipe_cell_row(r->claims[0].claim.terms[1].cell), 0);
    sn_recipe_free(r);
}

static void test_refused_files(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"rows = { x = { note = \"\"; }; };", "a title is needed"},
        {"title = \"t\";", "no rows"},
        {"title = \"t\";\nseads = 2;", "a.recipe:2: there is no key \"seads\" here: did you mean seeds"},
        {"title = \"t\"; seeds = 99;", "seeds wants a whole number from 1 to 16"},
        {"title = 3;", "title wants a text in quotes"},
        {"title = \"t\"; ordering = { o = { claim = \"\"; }; };", "did you mean orderings"},
        {"title = \"t\"; rows = { x = { modle = \"a\"; }; };", "did you mean model"},
        {"title = \"t\"; rows = { x = { model = \"basline\"; }; };", "did you mean baseline"},
        {"title = \"t\"; rows = { x = { extend = \"rerop\"; }; };", "row x"},
        {"title = \"t\"; rows = { x = { published = \"1 2\"; }; };", "are three numbers"},
        {"title = \"t\"; rows = 3;", "there is no key \"rows\""},
        {"title = \"t\"; rows = { x = 3; };", "a group name"},
        {"title = \"t\";\ntrain = { stepps = 3; }; rows = { x = { note = \"\"; }; };",
         "a.recipe:2: there is no key \"stepps\": did you mean steps"},
        {"title = \"t\"; train = { data = \"x\"; };", "data is not for a recipe to say"},
        {"title = \"t\"; models = { a = { context = 64; }; };", "context must be the same for all models"},
        {"title = \"t\"; models = { baseline = { steps = 64; }; };", "baseline is the model of train"},
        {"title = \"t\"; models = { a = { steps = 64; }; }; rows = { x = { note = \"\"; }; };",
         "no row reads the model a"},
        {"title = \"t\"; rows = { x = { note = \"\"; }; }; orderings = { o = { claim = \"y@in < x@in\"; }; };",
         "ordering o"},
        {"title = \"t\"; rows = { x = { note = \"\"; }; };\nmini = { base = \"y\"; };",
         "a.recipe:2: base stands in the recipe"},
        {"title = ", "a setting is written name = value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sn_recipe *r;
        print_message("%s\n", cases[i].text);
        assert_int_not_equal(parse(cases[i].text, NULL, false, &r), SN_OK);
        print_message("  %s\n", sn_last_error());
        assert_non_null(strstr(sn_last_error(), cases[i].says));
    }
}

static void test_refused_base(void **state) {
    (void)state;
    sn_recipe *r;
    assert_int_not_equal(parse(sound, "seeds = 2;\nbase = \"y\";", false, &r), SN_OK);
    assert_non_null(strstr(sn_last_error(), "dir/x:2: base stands in the recipe itself and not in its base"));
}

/* ---- Texts ---- */

static uint64_t hash_of_data(const char *letters) {
    static const char text[] = "a b c d a b c d\na b c d a b c d a b c d\n";
    char path[4096], vocabulary[4096], recipe[8192], long_text[20 * sizeof text] = "";
    snprintf(path, sizeof path, "%s/text", test_folder_path);
    for (int i = 0; i < 20; i++) strcat(long_text, text);
    assert_int_equal(sn_file_write(path, letters, strlen(letters)), SN_OK);
    const sn_tokenizer_train_options o = {.type = "char", .n_threads = 1};
    sn_tokenizer *t;
    assert_int_equal(sn_tokenizer_train(&(const char *){path}, 1, &o, &t), SN_OK);
    snprintf(vocabulary, sizeof vocabulary, "%s/t.json", test_folder_path);
    assert_int_equal(sn_tokenizer_save(t, vocabulary), SN_OK);
    sn_tokenizer_free(t);
    assert_int_equal(sn_file_write(path, long_text, strlen(long_text)), SN_OK);
    snprintf(recipe, sizeof recipe,
             "title = \"t\"; rows = { x = { note = \"\"; }; }; train = { context = 4; tokenizer = \"%s\"; };"
             "test = { factor = 2; windows = 1; period = 4; };",
             vocabulary);
    sn_recipe *r;
    sn_recipe_data d;
    assert_int_equal(sn_recipe_parse("a.recipe", recipe, strlen(recipe), NULL, 0, false, &r), SN_OK);
    const sn_recipe_options options = {.out = test_folder_path, .data = path, .n_threads = 1};
    if (sn_recipe_data_make(r, &options, &d) != SN_OK) fail_msg("%s", sn_last_error());
    uint64_t hash = d.hash;
    sn_recipe_data_free(&d);
    sn_recipe_free(r);
    return hash;
}

/* Kept trainings are of the vocabulary that the file held, not of its name. */
static void test_vocabulary_file(void **state) {
    (void)state;
    uint64_t first = hash_of_data("abcd \n"), again = hash_of_data("abcd \n");
    assert_true(first == again);
    assert_true(first != hash_of_data("dcbaxyz \n"));
}

/* Every failing allocation is reported, and nothing leaks. */
static void test_memory(void **state) {
    (void)state;
    for (int64_t n = 0; n < 100000; n++) {
        sn_recipe *r;
        sn_alloc_fail_after(n);
        sn_status status = parse(sound, base, true, &r);
        sn_alloc_fail_after(-1);
        if (status == SN_OK) {
            sn_recipe_free(r);
            assert_true(n > 0);
            return;
        }
        assert_int_equal(status, SN_ERR_MEMORY);
    }
    fail();
}

int main(void) {
    const struct CMUnitTest claims[] = {
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_refused_claims),
    };
    const struct CMUnitTest files[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_mini),
        cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_refused_base),
        cmocka_unit_test(test_vocabulary_file),
        cmocka_unit_test(test_memory),
    };
    int failed = cmocka_run_group_tests(claims, NULL, NULL);
    if (needs_libconfig(NULL)) return failed;
    return failed + cmocka_run_group_tests(files, test_folder_make, test_folder_remove);
}
