/* Chat templates: any text, rendered over a short chat, ends in a text or an error within the limits. */
#include "fuzz.h"

#include "suan/tokenizer.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const sn_chat_message messages[] = {
        {"system", " be brief "}, {"user", "Hi\n<think>x</think>"}, {"assistant", "\xE4\xBD\xA0 ok"}};
    char *source = malloc(size + 1), *text;
    if (!source) return 0;
    memcpy(source, data, size);
    source[size] = 0;
    if (sn_chat_render(NULL, source, messages, 3, size & 1, &text) == SN_OK) {
        fuzz_read(text, strlen(text));
        sn_text_free(text);
    }
    free(source);
    return 0;
}
