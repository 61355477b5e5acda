/* Recipes of figures: claims about texts and numbers, paths into JSON, commands as words, files, and whole runs with a
 * program of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file_test.h"

#include "file/json_path.h"
#include "study/figures.h"

#include <math.h>

/* ---- Claims ---- */

/* Words are "c0" to "c3". */
static sn_status find_cell(void *user, const char *word, int *cell) {
    (void)user;
    *cell = word[1] - '0';
    return word[0] == 'c' ? SN_OK : sn_fail(SN_ERR_NOT_FOUND, "no cell %s", word);
}

static const sn_claim_value values[] = {
    {12345678901234567890.0, "12345678901234567890"}, {0.5, NULL}, {NAN, "a minimum"}, {NAN, "null"}};

static void test_claims(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool holds;
    } cases[] = {
        {"c0 = 12345678901234567890", true},
        {"c0 = 12345678901234567891", false}, /* the same double, another number */
        {"c1 = 0.5", true},
        {"c1 = 5e-1", true},
        {"c1 = '0.5'", false},
        {"c2 = 'a minimum'", true},
        {"c2 = 'a maximum'", false},
        {"c2 = 'a'", false},
        {"c3 = 'null'", true},
        {"c3 < 1", false},
        {"c3 >= 1", false},
        {"c3 ~ 0 +- 1e300", false},
        {"c1 ~ 0.6 +- 0.11", true},
        {"c1 ~ 0.6 +- 0.09", false},
        {"c1 ~ 0.6 +- 17%", true},
        {"c1 ~ 0.6 +- 16%", false},
        {"2 * c1 + 1 = 2", true},
        {"0.4 < c1 < 0.6 <= 1", true},
        {"0.4 < c1 ~ 0.5 +- 0 = 0.5", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sn_claim c;
        sn_status status = sn_claim_parse(cases[i].text, find_cell, NULL, &c);
        if (status != SN_OK) fail_msg("%s: %s", cases[i].text, sn_last_error());
        if (sn_claim_holds(&c, values) != cases[i].holds) fail_msg("%s", cases[i].text);
    }
}

static void test_refused_claims(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "a term is wanted"},
        {"c1", "at least two terms"},
        {"c1 =", "a term is wanted at the end"},
        {"c1 ~ 3", "wants how near"},
        {"c1 ~ 3 +- x", "a number is wanted after +-"},
        {"c1 ~ 3 +- -1", "a number is wanted after +-"},
        {"c1 = 'a", "a quote that does not end"},
        {"c1 = 'a'b", "a blank is wanted"},
        {"c1 == 3", "<, <=, >, >=, = or ~ is wanted here"},
        {"d1 = 3", "no cell d1"},
        {"c1 + c2 > 3", "a number is wanted"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sn_claim c;
        assert_int_not_equal(sn_claim_parse(cases[i].text, find_cell, NULL, &c), SN_OK);
        assert_message(cases[i].says);
    }
}

/* ---- Paths ---- */

static const char object[] = "{\"a\": {\"b\": [10, 20, 30]}, \"rows\": [{\"name\": \"x\", \"n\": 1, \"v\": 5},"
                             "{\"name\": \"x\", \"n\": 2, \"v\": 6}, {\"name\": \"y\", \"on\": true, \"v\": 7}]}";

static void test_paths(void **state) {
    (void)state;
    static const struct {
        const char *path;
        double is; /* NaN: refused */
        const char *says;
    } cases[] = {
        {"a.b[0]", 10, NULL},
        {"a.b[-1]", 30, NULL},
        {"a.b[]", 3, NULL},
        {"rows[1].v", 6, NULL},
        {"rows[name=x].v", 5, NULL},
        {"rows[name=x,n=2.0].v", 6, NULL},
        {"rows[on=true].v", 7, NULL},
        {"rows[]", 3, NULL},
        {"a.b[3]", NAN, "a.b[3]: there is no [3]: 3 items"},
        {"a.b[-4]", NAN, "there is no [-4]"},
        {"rows[name=z].v", NAN, "no item has name=z"},
        {"rows[name].v", NAN, "no item has name"},
        {"a.c", NAN, "there is no \"c\""},
        {"row[0]", NAN, "did you mean rows"},
        {"a.b.c", NAN, "c is sought in an array"},
        {"a[0]", NAN, "[0] is sought in an object"},
        {"a[]", NAN, "that is no array"},
        {"", NAN, "is no path"},
        {"a..b", NAN, "is no path"},
        {"a.", NAN, "is no path"},
        {"a.b[0", NAN, "is no path"},
        {"a.b[0]c", NAN, "is no path"},
    };
    sn_json_doc *doc;
    assert_int_equal(sn_json_parse("t", object, sizeof object - 1, NULL, &doc), SN_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const sn_json *v = NULL;
        int64_t count = -1;
        sn_status status = sn_json_path_check(cases[i].path);
        if (status == SN_OK) status = sn_json_path_find(sn_json_root(doc), cases[i].path, &v, &count);
        if (isnan(cases[i].is)) {
            assert_int_not_equal(status, SN_OK);
            assert_message(cases[i].says);
            continue;
        }
        if (status != SN_OK) fail_msg("%s: %s", cases[i].path, sn_last_error());
        assert_true((v ? v->real : (double)count) == cases[i].is);
    }
    sn_json_free(doc);
}

/* ---- Commands ---- */

static void test_words(void **state) {
    (void)state;
    const char *words[SN_FIGURES_MOST_WORDS];
    sn_arena arena = {0};
    int n;
    static const char command[] = "  math curvature --metric \"-(1 - 2*M/r); 1\" -p 'M' {a.csv} x\"y z\"'\"' ";
    static const char *const wanted[] = {"math", "curvature", "--metric",    "-(1 - 2*M/r); 1",
                                         "-p",   "M",         "dir/r-a.csv", "xy z\""};
    assert_int_equal(sn_figures_split(&arena, command, "dir/r-", words, &n), SN_OK);
    assert_int_equal(n, 8);
    for (int i = 0; i < n; i++) assert_string_equal(words[i], wanted[i]);
    static const char *const refused[] = {"", "a 'b", "a {b", "a {b/c}", "a {b c}"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_not_equal(sn_figures_split(&arena, refused[i], "", words, &n), SN_OK);
    char many[4 * SN_FIGURES_MOST_WORDS] = "";
    for (int i = 0; i <= SN_FIGURES_MOST_WORDS; i++) strcat(many, "a ");
    assert_int_equal(sn_figures_split(&arena, many, "", words, &n), SN_ERR_LIMIT);
    sn_arena_free(&arena);
}

/* ---- Files ---- */

static const char sound[] =
    "title = \"t\"; source = \"s\"; plot = \"big\";\n"
    "files = { table = { csv = \"1,2\\n\"; }; };\n"
    "runs = { make = \"copy {table.csv}\"; small = \"echo 7\"; big = \"echo 1000\"; idle = \"echo 1\"; };\n"
    "figures = { a = { claim = \"small:value = 7\"; reached = \"7\"; };\n"
    "            b = { claim = \"big:value > 500\"; note = \"why\"; mini = false; };\n"
    "            c = { claim = \"idle:value > 5\"; note = \"it is 1\"; }; };\n"
    "mini = { runs = { small = \"echo 8\"; }; };\n";

static sn_status parse(const char *text, bool mini, sn_figures **out) {
    return sn_figures_parse("dir/a.figures", text, strlen(text), mini, out);
}

static int needs_libraries(void **state) {
    (void)state;
    sn_figures *f;
    sn_json_doc *doc = NULL;
    bool missing = parse("", false, &f) == SN_ERR_UNSUPPORTED || sn_json_parse("t", "{}", 2, NULL, &doc) != SN_OK;
    sn_json_free(doc);
    if (missing) print_message("figures: skipped, this build has no libconfig or no Jansson\n");
    return missing;
}

static void test_refused_files(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"title = \"t\";", "no figures"},
        {"runs = { a = \"x\"; }; figures = { f = { claim = \"a:b = 1\"; }; };", "a title is needed"},
        {"title = \"t\";\nruns = { a = 3; };", "a.figures:2: runs.a wants a text in quotes"},
        {"title = \"t\";\ntitel = 3;", "a.figures:2: there is no key \"titel\" here: did you mean title"},
        {"title = \"t\"; figures = { f = { clam = \"\"; }; };", "did you mean claim"},
        {"title = \"t\"; figures = { f = \"a\"; };", "a figure is written"},
        {"title = \"t\"; figures = { f = { mini = 3; }; };", "mini wants true or false"},
        {"title = \"t\"; runs = { a = { b = \"x\"; }; };", "a run is written"},
        {"title = \"t\"; runs = { abc = \"x\"; }; figures = { f = { claim = \"abd:b = 1\"; }; };",
         "figure f: there is no run \"abd\": did you mean abc"},
        {"title = \"t\"; runs = { a = \"x\"; }; figures = { f = { claim = \"a:b[ = 1\"; }; };", "is no path"},
        {"title = \"t\"; runs = { a = \"x\"; }; figures = { f = { claim = \"a@minutes = 1\"; }; };", "is no run:path"},
        {"title = \"t\"; runs = { a = \"x 'y\"; }; figures = { f = { claim = \"a:b = 1\"; }; };",
         "run a: a quote that does not end"},
        {"title = \"t\"; runs = { a = \"x\"; }; figures = { f = { claim = \"a:b = 1\"; }; }; plot = \"b\";", "plot"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sn_figures *f;
        assert_int_not_equal(parse(cases[i].text, false, &f), SN_OK);
        assert_message(cases[i].says);
    }
}

/* ---- Runs ---- */

typedef struct program {
    int n_runs, n_pictures;
    bool fails;
} program;

/* "echo N" prints {"value": N}; "copy FILE" the bytes of the file; with --plot it counts a picture. */
static sn_status run_program(void *user, const char *const *arguments, int n, const char *output) {
    program *p = user;
    char text[256] = "", piece[64] = "";
    p->n_runs++;
    if (p->fails) return sn_fail(SN_ERR_IO, "the program failed");
    for (int i = 0; i < n; i++) p->n_pictures += strcmp(arguments[i], "--plot") == 0;
    if (strcmp(arguments[0], "copy") == 0) {
        FILE *from = fopen(arguments[1], "rb");
        assert_non_null(from);
        assert_true(fread(piece, 1, sizeof piece - 1, from) == 4);
        fclose(from);
        assert_string_equal(piece, "1,2\n");
        snprintf(text, sizeof text, "no JSON");
    } else {
        snprintf(text, sizeof text, "{\"value\": %s}", arguments[1]);
    }
    return sn_file_write(output, text, strlen(text));
}

static sn_figures_result *try_it(bool mini, const char *stamp, const char *plot, program *p) {
    sn_figures *f;
    sn_figures_result *r;
    const sn_figures_options o = {.out = test_folder_path, .run = run_program, .stamp = stamp, .plot = plot, .user = p};
    if (parse(sound, mini, &f) != SN_OK) fail_msg("%s", sn_last_error());
    if (sn_figures_try(f, &o, &r) != SN_OK) fail_msg("%s", sn_last_error());
    sn_figures_free(f);
    return r;
}

static void test_runs(void **state) {
    (void)state;
    program p = {0};
    sn_figures_result *r = try_it(false, "1", NULL, &p);
    assert_int_equal(p.n_runs, 4);
    assert_int_equal(r->n_figures, 3);
    assert_int_equal(r->n_held, 2);
    assert_true(r->figures[0].held && r->figures[1].held && !r->figures[2].held);
    assert_string_equal(r->figures[1].here, "1000");
    assert_string_equal(r->figures[2].note, "it is 1");
    sn_figures_result_free(r);

    /* What a figure reads is kept; what only makes files is run again. Another stamp keeps nothing. */
    r = try_it(false, "1", NULL, &p);
    assert_int_equal(p.n_runs, 5);
    assert_true(!r->runs[0].kept && r->runs[1].kept && r->runs[2].kept);
    sn_figures_result_free(r);
    sn_figures_result_free(try_it(false, "2", NULL, &p));
    assert_int_equal(p.n_runs, 9);
    sn_figures_result_free(try_it(false, "2", "x.png", &p));
    assert_int_equal(p.n_runs, 11); /* make, and big for its picture */
    assert_int_equal(p.n_pictures, 1);

    /* In miniature: without b and what it alone reads, with another small. */
    r = try_it(true, "1", NULL, &p);
    assert_int_equal(p.n_runs, 13); /* make and small */
    assert_int_equal(r->n_figures, 2);
    assert_string_equal(r->figures[0].here, "8");
    assert_false(r->figures[0].held);
    sn_figures_result_free(r);
}

static void test_failed_runs(void **state) {
    (void)state;
    static const char odd[] =
        "title = \"t\"; runs = { r = \"echo nonsense\"; }; figures = { f = { claim = \"r:value = 1\"; "
        "}; };";
    static const char lost[] =
        "title = \"t\"; runs = { r = \"echo 1\"; }; figures = { f = { claim = \"r:valu = 1\"; }; };";
    program p = {.fails = true};
    sn_figures *f;
    sn_figures_result *r;
    const sn_figures_options o = {.out = test_folder_path, .run = run_program, .stamp = "3", .user = &p};
    assert_int_equal(parse(sound, false, &f), SN_OK);
    assert_int_equal(sn_figures_try(f, &o, &r), SN_ERR_IO);
    assert_message("run make (suan copy {table.csv}): the program failed");
    sn_figures_free(f);
    p.fails = false;
    assert_int_equal(parse(odd, false, &f), SN_OK);
    assert_int_equal(sn_figures_try(f, &o, &r), SN_ERR_FORMAT);
    sn_figures_free(f);
    assert_int_equal(parse(lost, false, &f), SN_OK);
    assert_int_equal(sn_figures_try(f, &o, &r), SN_ERR_NOT_FOUND);
    assert_message("figure f: valu: there is no \"valu\": did you mean value");
    sn_figures_free(f);
}

/* Every failing allocation is reported, and nothing leaks. */
static void test_memory(void **state) {
    (void)state;
    program p = {0};
    const sn_figures_options o = {.out = test_folder_path, .run = run_program, .user = &p};
    for (int64_t n = 0; n < 100000; n++) {
        sn_figures *f = NULL;
        sn_figures_result *r;
        sn_alloc_fail_after(n);
        sn_status status = parse(sound, false, &f);
        if (status == SN_OK) status = sn_figures_try(f, &o, &r);
        sn_alloc_fail_after(-1);
        sn_figures_free(f);
        if (status == SN_OK) {
            sn_figures_result_free(r);
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
        cmocka_unit_test(test_words),
    };
    const struct CMUnitTest files[] = {
        cmocka_unit_test(test_paths),       cmocka_unit_test(test_refused_files), cmocka_unit_test(test_runs),
        cmocka_unit_test(test_failed_runs), cmocka_unit_test(test_memory),
    };
    int failed = cmocka_run_group_tests(claims, NULL, NULL);
    if (needs_libraries(NULL)) return failed;
    return failed + cmocka_run_group_tests(files, test_folder_make, test_folder_remove);
}
