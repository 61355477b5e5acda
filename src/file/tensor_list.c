#include "file/tensor_list.h"

#include "base/alloc.h"
#include "base/error.h"

sn_status sn_data_put(sn_data_sink *sink, const void *data, size_t size) {
    if (size > (uint64_t)sink->left) return sn_fail(SN_ERR_ARGUMENT, "more bytes than the tensor has");
    sink->left -= (int64_t)size;
    return sn_writer_put(sink->writer, data, size);
}

static sn_status reserve(sn_tensor_list *list) {
    if (list->n < list->capacity) return SN_OK;
    int64_t capacity = list->capacity ? list->capacity * 2 : 32;
    sn_tensor_out *items = sn_realloc(list->items, (size_t)capacity * sizeof *items);
    if (!items) return sn_fail_memory("a list of tensors");
    list->items = items;
    list->capacity = capacity;
    return SN_OK;
}

sn_status sn_tensor_list_add(sn_tensor_list *list, const char *name, sn_dtype dtype, int n_dims, const int64_t *shape,
                             const void *data, sn_data_fn fn, void *user) {
    int64_t bytes, item;
    bool found;
    SN_TRY(sn_shape_bytes(dtype, n_dims, shape, &bytes));
    SN_TRY(reserve(list));
    char *copy = sn_arena_strdup(&list->arena, name);
    if (!copy) return sn_fail_memory("a tensor name");
    SN_TRY(sn_name_index_add(&list->names, sn_text_of(copy), &item, &found));
    if (found) return sn_fail(SN_ERR_ARGUMENT, "tensor \"%s\" is added twice", name);
    list->items[list->n++] = (sn_tensor_out){sn_tensor_make(dtype, n_dims, shape, data), bytes, fn, user};
    return SN_OK;
}

sn_status sn_tensor_list_put(const sn_tensor_list *list, int64_t i, sn_writer *writer) {
    const sn_tensor_out *t = &list->items[i];
    sn_data_sink sink = {writer, t->bytes};
    sn_status status = SN_OK;
    if (t->tensor.data)
        status = sn_data_put(&sink, t->tensor.data, (size_t)t->bytes);
    else if (t->fn)
        status = t->fn(&sink, t->user);
    if (status == SN_OK && sink.left)
        status = sn_fail(SN_ERR_ARGUMENT, "%lld bytes too few were given", (long long)sink.left);
    return status == SN_OK ? SN_OK : sn_fail_in(status, "writing tensor \"%s\"", list->names.names[i].data);
}

void sn_tensor_list_free(sn_tensor_list *list) {
    sn_name_index_free(&list->names);
    sn_free(list->items);
    sn_arena_free(&list->arena);
    *list = (sn_tensor_list){0};
}
