/* suan corpus: stories to train and test on. */
#include "cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    int64_t stories, from, words, farthest, people, kinds, bytes, seed;
    double recalls, questions;
    const char *facts, *separator;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"stories", 'n', CLI_INT, AT(stories), "N", 0, 1e12, NULL, "How many; without it and --bytes, one."},
    {"bytes", 'b', CLI_INT, AT(bytes), "N", 0, 1e15, NULL,
     "Whole stories until there are so many bytes (suffix k, m)."},
    {"from", 0, CLI_INT, AT(from), "I", 0, 1e12, "0", "Number of the first story."},
    {"words", 'w', CLI_INT, AT(words), "N", 1, 4294967296, "24000", "About how many words a story has."},
    {"farthest", 0, CLI_INT, AT(farthest), "N", 1, 4294967296, NULL,
     "Recall nothing from farther back than about N words: for training on short windows."},
    {"people", 0, CLI_INT, AT(people), "N", 2, 64, "4", "People who are present at a time."},
    {"kinds", 0, CLI_INT, AT(kinds), "N", 1, 8, "8", "Kinds of facts in a story, drawn for each."},
    {"seed", 's', CLI_INT, AT(seed), "S", 0, 9e15, "0", "Another seed is another row of stories."},
    {"recalls", 0, CLI_REAL, AT(recalls), "R", 0, 0.9, "0.8", "Share of sentences that recall something told before."},
    {"questions", 0, CLI_REAL, AT(questions), "R", 0, 1, "0.3", "Share of these that are a question and its answer."},
    {"separator", 0, CLI_TEXT, AT(separator), "TEXT", 0, 0, "<|endoftext|>", "A line between two stories."},
    {"facts", 0, CLI_TEXT, AT(facts), "FILE", 0, 0, NULL,
     "Write where what is recalled, a JSON line each: story, about, question, and the byte offsets source (where the "
     "answer was last told; end), answer and answer_end in the story."},
};

static const cli_example examples[] = {
    {"suan corpus", "one story"},
    {"suan corpus --bytes 100m --seed 1 > train.txt", "a hundred MiB to train on"},
    {"suan corpus --stories 20 --seed 2 --words 12000 > test.txt", "long ones to test on"},
};

static bool more(const settings *s, int64_t stories, int64_t bytes) {
    if (s->bytes > 0) return bytes < s->bytes;
    return stories < (s->stories > 0 ? s->stories : 1);
}

static void put_facts(FILE *to, const sn_story *story, int64_t index) {
    for (int64_t i = 0; i < story->n_recalls; i++) {
        const sn_recall *r = &story->recalls[i];
        fprintf(to,
                "{\"story\": %" PRId64 ", \"about\": \"%s\", \"question\": %s, \"source\": %" PRId64
                ", \"answer\": %" PRId64 ", \"answer_end\": %" PRId64 "}\n",
                index, r->about, r->question ? "true" : "false", r->source, r->answer, r->answer_end);
    }
}

static int write_stories(const settings *s, FILE *facts) {
    const sn_story_options o = {.seed = (uint64_t)s->seed,
                                .words = s->words,
                                .farthest = s->farthest,
                                .people = s->people,
                                .kinds = s->kinds,
                                .recalls = s->recalls,
                                .questions = s->questions};
    int64_t bytes = 0;
    for (int64_t i = 0; more(s, i, bytes); i++) {
        sn_story story;
        if (cli_cancelled) return CLI_STOPPED;
        sn_status status = sn_story_write(&o, s->from + i, &story);
        if (status != SN_OK) return cli_failed(status);
        if (i > 0) bytes += printf("%s\n", s->separator);
        bytes += story.size;
        fwrite(story.text, 1, (size_t)story.size, stdout);
        if (facts) put_facts(facts, &story, s->from + i);
        sn_story_free(&story);
        if (ferror(stdout)) {
            cli_say("cannot write the stories: standard output failed");
            return CLI_FAILED;
        }
    }
    return CLI_OK;
}

static int run(void *p) {
    const settings *s = p;
    cli_text facts = {0};
    sn_status status = s->facts ? cli_text_begin(&facts, s->facts) : SN_OK;
    int code = status == SN_OK ? write_stories(s, facts.to) : CLI_FAILED;
    bool fine = fflush(stdout) == 0;
    status = cli_text_end(&facts, code == CLI_OK && fine);
    if (code == CLI_OK && !fine) {
        cli_say("cannot write the stories: is the disk full?");
        return CLI_FAILED;
    }
    return code == CLI_OK && status != SN_OK ? cli_failed(status) : code;
}

const cli_verb cli_verb_corpus = {
    .name = "corpus",
    .summary = "write stories that reward a long memory",
    .arguments = "",
    .min_arguments = 0,
    .max_arguments = 0,
    .description =
        "Writes English stories on standard output, as many as wanted, the same for the same options on every machine. "
        "The cook saves Mira plums, the miller owes Otto nine coins; later, at distances even over the octaves from "
        "about "
        "20 to about 6000 words, somebody remembers or is asked. A reader who has kept the fact knows how such a "
        "sentence ends. 'suan probe' asks a model about such stories.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
