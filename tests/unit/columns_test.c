/* Tables of numbers: every separator, names, comments, npy, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/map.h"
#include "suan/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/suan-columns-test-XXXXXX";

static int setup(void **state) {
    (void)state;
    int f = mkstemp(path);
    return f >= 0 && close(f) == 0 ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    return unlink(path);
}

static sn_status open_text(const char *text, sn_columns **c) {
    assert_int_equal(sn_file_write(path, text, strlen(text)), SN_OK);
    return sn_columns_open(path, c);
}

static void assert_column(const char *text, const char *name, int64_t n, const double *wanted) {
    sn_columns *c;
    double got[8];
    assert_int_equal(open_text(text, &c), SN_OK);
    assert_int_equal(sn_columns_n_rows(c), n);
    assert_int_equal(sn_columns_get(c, name, got), SN_OK);
    for (int64_t i = 0; i < n; i++) assert_true(got[i] == wanted[i]);
    sn_columns_free(c);
}

static void text_is_read(void **state) {
    static const double wanted[] = {1.5, -2e-3, 7};
    static const char *const texts[] = {
        "x,y\n1,1.5\n2,-2e-3\n3,7\n",
        "x;y\r\n1;1.5\r\n2;-2e-3\r\n3;7",
        "x\ty\n1\t1.5\n2\t-2e-3\n3\t7\n",
        "# runs\nx   y\n1  1.5\n\n2 -2e-3 \n# the last\n 3  7\n",
        "\xef\xbb\xbf\"x\",\"y\"\n1,\"1.5\"\n\"2\", -2e-3\n3 ,7\n",
        "name,y,\"x\"\n\"a, b\",1.5,1\nb,-2e-3,2\nc,7,3\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) assert_column(texts[i], "y", 3, wanted);
    assert_column("1 1.5\n2 -2e-3\n3 7\n", "2", 3, wanted);
    assert_column("1.5\n-2e-3\n7", "1", 3, wanted);
}

static void assert_refused(const char *text, sn_status status, const char *part) {
    sn_columns *c = NULL;
    assert_int_equal(open_text(text, &c), status);
    if (!strstr(sn_last_error(), part)) fail_msg("\"%s\" lacks \"%s\"", sn_last_error(), part);
}

static void bad_tables_are_refused(void **state) {
    sn_columns *c;
    double got[4];
    (void)state;
    assert_refused("", SN_ERR_FORMAT, "empty");
    assert_refused("# only a comment\n\n", SN_ERR_FORMAT, "empty");
    assert_refused("x,y\n", SN_ERR_FORMAT, "no numbers");
    assert_refused("x,y\n1,2\n3,4,5\n", SN_ERR_FORMAT, "line 3");
    assert_refused("x,y\n1,2\n3,4,\n", SN_ERR_FORMAT, "line 3");
    assert_int_equal(open_text("x,y,z\n1,2,3\n4,inf,6\n7,,9\n", &c), SN_OK);
    assert_int_equal(sn_columns_get(c, "z", got), SN_OK); /* the others do not matter */
    assert_int_equal(sn_columns_get(c, "y", got), SN_ERR_FORMAT);
    assert_non_null(strstr(sn_last_error(), "line 3: column \"y\" has \"inf\""));
    assert_int_equal(sn_columns_get(c, "w", got), SN_ERR_NOT_FOUND);
    assert_non_null(strstr(sn_last_error(), "x, y, z"));
    assert_int_equal(sn_columns_get(c, "4", got), SN_ERR_NOT_FOUND);
    assert_int_equal(sn_columns_find(c, "0"), -1);
    sn_columns_free(c);
    assert_int_equal(sn_columns_open("/tmp/suan-no-such-table.csv", &c), SN_ERR_IO);
}

static void arrays_are_read(void **state) {
    static double data[] = {1, 2, 3, 4, 5, 6};
    static int64_t whole[] = {7, 8};
    double got[3];
    sn_columns *c;
    (void)state;
    sn_tensor t = {.dtype = SN_F64, .n_dims = 2, .shape = {3, 2}, .stride = {16, 8}, .data = data};
    assert_int_equal(sn_npy_write(path, &t), SN_OK);
    assert_int_equal(sn_columns_open(path, &c), SN_OK);
    assert_int_equal(sn_columns_n_rows(c), 3);
    assert_int_equal(sn_columns_get(c, "2", got), SN_OK);
    assert_true(got[0] == 2 && got[1] == 4 && got[2] == 6);
    sn_columns_free(c);
    data[3] = 0.0 / (data[0] - 1);
    assert_int_equal(sn_npy_write(path, &t), SN_OK);
    assert_int_equal(sn_columns_open(path, &c), SN_OK);
    assert_int_equal(sn_columns_get(c, "2", got), SN_ERR_FORMAT);
    assert_non_null(strstr(sn_last_error(), "line 2"));
    sn_columns_free(c);
    t = (sn_tensor){.dtype = SN_I64, .n_dims = 1, .shape = {2}, .stride = {8}, .data = whole};
    assert_int_equal(sn_npy_write(path, &t), SN_OK);
    assert_int_equal(sn_columns_open(path, &c), SN_OK);
    assert_int_equal(sn_columns_get(c, "1", got), SN_OK);
    assert_true(got[0] == 7 && got[1] == 8);
    sn_columns_free(c);
    t = (sn_tensor){.dtype = SN_I64, .n_dims = 3, .shape = {2, 1, 1}, .stride = {8, 8, 8}, .data = whole};
    assert_int_equal(sn_npy_write(path, &t), SN_OK);
    assert_int_equal(sn_columns_open(path, &c), SN_ERR_SHAPE);
}

static void failing_allocations_are_errors(void **state) {
    sn_columns *c;
    (void)state;
    assert_int_equal(open_text("x,y\n1,2\n3,4\n", &c), SN_OK);
    sn_columns_free(c);
    sn_status status = SN_ERR_MEMORY;
    for (int64_t n = 0; status != SN_OK; n++) {
        sn_alloc_fail_after(n);
        status = sn_columns_open(path, &c);
        sn_alloc_fail_after(-1);
        assert_true(status == SN_OK || status == SN_ERR_MEMORY);
    }
    sn_columns_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_read),
        cmocka_unit_test(bad_tables_are_refused),
        cmocka_unit_test(arrays_are_read),
        cmocka_unit_test(failing_allocations_are_errors),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
