/* Stories: what is recalled was told, at the offsets and distances that are promised. */
#include "suan/story.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_the_same_story_for_the_same_number(void **state) {
    sn_story_options o = sn_story_defaults();
    sn_story a, b, c;
    (void)state;
    o.seed = 5;
    o.words = 500;
    assert_int_equal(sn_story_write(&o, 7, &a), SN_OK);
    assert_int_equal(sn_story_write(&o, 7, &b), SN_OK);
    assert_int_equal(sn_story_write(&o, 8, &c), SN_OK);
    assert_string_equal(a.text, b.text);
    assert_int_equal(a.size, (int64_t)strlen(a.text));
    assert_true(strcmp(a.text, c.text) != 0);
    sn_story_free(&a);
    sn_story_free(&b);
    sn_story_free(&c);
}

/* The answer stands word for word at its source, and nothing like it stands between: the text from the name of the
 * person on is the fact's key. */
static void test_answers_were_told_before(void **state) {
    sn_story_options o = sn_story_defaults();
    sn_story s;
    int64_t questions = 0;
    (void)state;
    o.words = 6000;
    o.questions = 0.5;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_OK);
    assert_true(s.n_recalls > 150);
    for (int64_t i = 0; i < s.n_recalls; i++) {
        const sn_recall *r = &s.recalls[i];
        int64_t n = r->answer_end - r->answer;
        assert_true(n > 0 && r->source >= n && r->source < r->answer && r->answer_end < s.size);
        assert_memory_equal(s.text + r->answer, s.text + r->source - n, (size_t)n);
        assert_true(i == 0 || s.recalls[i - 1].answer_end < r->answer);
        if (!r->question) continue;
        questions++;
        assert_non_null(memchr(s.text + r->answer - 60, '?', 60));
        const char *end = strstr(s.text + r->answer_end, ".\"");
        assert_true(end && end - (s.text + r->answer_end) <= 6);
    }
    assert_true(questions > s.n_recalls / 3 && questions < s.n_recalls * 2 / 3);
    sn_story_free(&s);
}

/* "What does the cook save X?" has one answer in a story. */
static void test_facts_do_not_change(void **state) {
    sn_story_options o = sn_story_defaults();
    sn_story s;
    static const char verb[] = "the cook saves ";
    (void)state;
    o.words = 20000;
    assert_int_equal(sn_story_write(&o, 3, &s), SN_OK);
    const char *first = strstr(s.text, verb);
    assert_non_null(first);
    size_t key = strlen(verb) + strcspn(first + strlen(verb), " ") + 1; /* with the name and a blank */
    size_t value = strcspn(first + key, ".");
    assert_in_range(value, 2, 20);
    int found = 0, others = 0;
    for (const char *p = first; (p = strstr(p, verb)); p++) {
        if (strncmp(p, first, key) != 0) {
            others += strncmp(p + key, first + key, value) != 0;
            continue;
        }
        found++;
        assert_memory_equal(p + key, first + key, value);
        assert_int_equal(p[key + value], '.');
    }
    assert_true(found > 1 && others > 1);
    sn_story_free(&s);
}

static void test_distances_are_even_over_the_octaves(void **state) {
    sn_story_options o = sn_story_defaults();
    int64_t count[64] = {0}, near = 0, far = 0;
    (void)state;
    o.words = 20000;
    o.recalls = 0.5; /* with more of them, those that stand in for octaves still empty show */
    for (int64_t i = 0; i < 4; i++) {
        sn_story s;
        assert_int_equal(sn_story_write(&o, i, &s), SN_OK);
        for (int64_t k = 0; k < s.n_recalls; k++) {
            int octave = 0;
            for (int64_t d = s.recalls[k].answer - s.recalls[k].source; d > 1; d >>= 1) octave++;
            count[octave]++;
        }
        sn_story_free(&s);
    }
    for (int k = 0; k < 64; k++) *(k < 8 ? &near : &far) += k < 8 || k > 13 ? count[k] : 0;
    int64_t even = near + far; /* of eight bins */
    for (int k = 8; k <= 13; k++) even += count[k];
    even /= 8;
    assert_true(even > 450);
    for (int k = 8; k <= 13; k++) assert_in_range(count[k], even * 3 / 4, even * 5 / 4);
    assert_in_range(near, even * 3 / 4, even * 3 / 2);
    assert_in_range(far, even * 1 / 2, even * 5 / 4);
}

static void test_nothing_is_recalled_from_farther_back(void **state) {
    sn_story_options o = sn_story_defaults();
    sn_story s;
    int64_t far = 0;
    (void)state;
    o.farthest = 240;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_OK);
    assert_true(s.n_recalls > 150);
    for (int64_t i = 0; i < s.n_recalls; i++) {
        int64_t distance = s.recalls[i].answer - s.recalls[i].source;
        assert_in_range(distance, 1, 240 * 5 + 100); /* the sentence itself comes on top */
        far += distance > 600;
    }
    assert_true(far > s.n_recalls / 10);
    sn_story_free(&s);
    o.farthest = -1;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_ERR_ARGUMENT);
}

/* Every kind of fact is told by a verb of its own. */
static int kinds_in(const char *text) {
    static const char *const verbs[] = {"captain calls ", "queen promises ",  "miller owes ", "cook saves ",
                                        "smith makes ",   "gardener brings ", "dreams show ", "pedlar sends "};
    int n = 0;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) n += strstr(text, verbs[i]) != NULL;
    return n;
}

static void test_kinds_and_people(void **state) {
    sn_story_options o = sn_story_defaults();
    sn_story s;
    (void)state;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_OK);
    assert_int_equal(kinds_in(s.text), 8);
    sn_story_free(&s);
    o.kinds = 2;
    for (int64_t people = 2; people <= 64; people *= 2) {
        o.people = people;
        assert_int_equal(sn_story_write(&o, 0, &s), SN_OK);
        assert_int_equal(kinds_in(s.text), 2);
        sn_story_free(&s);
    }
    o.people = 65;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_ERR_ARGUMENT);
    o.people = 1;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_ERR_ARGUMENT);
    o.people = 2;
    o.kinds = 9;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_ERR_ARGUMENT);
}

static void test_wrong_options_and_no_memory(void **state) {
    sn_story_options o = sn_story_defaults();
    sn_story s;
    (void)state;
    o.recalls = 0.95;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_ERR_ARGUMENT);
    o = sn_story_defaults();
    o.words = -1;
    assert_int_equal(sn_story_write(&o, 0, &s), SN_ERR_ARGUMENT);
    o.words = 300;
    for (int64_t n = 0;; n++) {
        sn_alloc_fail_after(n);
        sn_status status = sn_story_write(&o, 0, &s);
        sn_alloc_fail_after(-1);
        if (status == SN_OK) break;
        assert_int_equal(status, SN_ERR_MEMORY);
        assert_null(s.text);
    }
    sn_story_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_story_for_the_same_number),
        cmocka_unit_test(test_answers_were_told_before),
        cmocka_unit_test(test_facts_do_not_change),
        cmocka_unit_test(test_distances_are_even_over_the_octaves),
        cmocka_unit_test(test_nothing_is_recalled_from_farther_back),
        cmocka_unit_test(test_kinds_and_people),
        cmocka_unit_test(test_wrong_options_and_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
