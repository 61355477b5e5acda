/* The byte alphabet of GPT-2: every byte as one printable character. */
#ifndef SN_TOKEN_BYTELEVEL_H
#define SN_TOKEN_BYTELEVEL_H

#include "token/buf.h"

uint32_t sn_byte_character(unsigned char byte);
sn_status sn_bytes_to_characters(sn_text bytes, sn_buf *out);
/* The inverse; *mapped false (and nothing appended) where a character is outside the alphabet. */
sn_status sn_characters_to_bytes(sn_text text, sn_buf *out, bool *mapped);

#endif
