/* Walks the fields of a protobuf message. Nested messages are walked by the caller with the slice as a new reader. */
#ifndef SN_FILE_PROTO_H
#define SN_FILE_PROTO_H

#include "file/reader.h"

typedef enum sn_proto_wire {
    SN_PROTO_VARINT = 0,
    SN_PROTO_FIXED64 = 1,
    SN_PROTO_BYTES = 2,
    SN_PROTO_FIXED32 = 5
} sn_proto_wire;

typedef struct sn_proto_field {
    uint32_t number;
    sn_proto_wire wire;
    uint64_t value;  /* of the number wires, as bits */
    sn_reader bytes; /* of SN_PROTO_BYTES */
} sn_proto_field;

/* The next field. Call while sn_reader_left(r) > 0. Groups are refused. */
sn_status sn_proto_next(sn_reader *r, sn_proto_field *out);

/* The field as a value of that kind; another wire is SN_ERR_FORMAT. */
sn_status sn_proto_text(const sn_proto_field *field, sn_text *out);
sn_status sn_proto_int(const sn_proto_field *field, int64_t *out); /* also the sign-extended negative ones */
sn_status sn_proto_bool(const sn_proto_field *field, bool *out);
sn_status sn_proto_float(const sn_proto_field *field, float *out);

#endif
