#include "file/proto.h"

#include "base/error.h"

static sn_status read_varint(sn_reader *r, uint64_t *out) {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        uint8_t byte;
        SN_TRY(sn_read_u8(r, "a number", &byte));
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80) continue;
        *out = value;
        return SN_OK;
    }
    return sn_fail(SN_ERR_FORMAT, "%s: the number before byte %zu does not end", r->name, r->at);
}

static sn_status read_value(sn_reader *r, sn_proto_field *field) {
    uint64_t size = 0;
    uint32_t word = 0;
    switch (field->wire) {
    case SN_PROTO_VARINT: return read_varint(r, &field->value);
    case SN_PROTO_FIXED64: return sn_read_u64(r, "a number", &field->value);
    case SN_PROTO_FIXED32:
        SN_TRY(sn_read_u32(r, "a number", &word));
        field->value = word;
        return SN_OK;
    case SN_PROTO_BYTES: SN_TRY(read_varint(r, &size)); return sn_read_slice(r, "a field", size, &field->bytes);
    }
    return sn_fail(SN_ERR_FORMAT, "%s: field %u before byte %zu is of kind %d", r->name, field->number, r->at,
                   (int)field->wire);
}

sn_status sn_proto_next(sn_reader *r, sn_proto_field *out) {
    uint64_t tag = 0;
    SN_TRY(read_varint(r, &tag));
    *out = (sn_proto_field){.number = (uint32_t)(tag >> 3), .wire = (sn_proto_wire)(tag & 7)};
    out->bytes.name = r->name;
    if (tag >> 3 == 0 || tag >> 32)
        return sn_fail(SN_ERR_FORMAT, "%s: there is no field before byte %zu", r->name, r->at);
    return read_value(r, out);
}

static sn_status expect(const sn_proto_field *field, sn_proto_wire wire) {
    if (field->wire == wire) return SN_OK;
    return sn_fail(SN_ERR_FORMAT, "%s: field %u is of kind %d, not %d", field->bytes.name, field->number,
                   (int)field->wire, (int)wire);
}

sn_status sn_proto_text(const sn_proto_field *field, sn_text *out) {
    SN_TRY(expect(field, SN_PROTO_BYTES));
    *out = (sn_text){(const char *)field->bytes.data, field->bytes.size};
    return SN_OK;
}

sn_status sn_proto_int(const sn_proto_field *field, int64_t *out) {
    SN_TRY(expect(field, SN_PROTO_VARINT));
    *out = (int64_t)field->value;
    return SN_OK;
}

sn_status sn_proto_bool(const sn_proto_field *field, bool *out) {
    SN_TRY(expect(field, SN_PROTO_VARINT));
    *out = field->value != 0;
    return SN_OK;
}

sn_status sn_proto_float(const sn_proto_field *field, float *out) {
    SN_TRY(expect(field, SN_PROTO_FIXED32));
    uint32_t bits = (uint32_t)field->value;
    memcpy(out, &bits, sizeof bits);
    return SN_OK;
}
