// hnswlib (Malkov & Yashunin, "Efficient and robust approximate nearest neighbor search using HNSW graphs", TPAMI 2020)
// behind a C header: largest inner product, built by one thread in row order, searched by many.
#ifndef CHNSW_H
#define CHNSW_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A graph over vectors.
typedef struct chnsw_graph chnsw_graph;

/// Hears, now and then, that so many more vectors are in the graph.
typedef void (*chnsw_listener)(void *context, size_t rows);

/// A graph over rows×dims vectors, which are copied. Null when it fails: `error` then says why.
chnsw_graph *chnsw_build(const float *vectors, size_t rows, size_t dims, size_t links, size_t construction_width, uint32_t seed,
                         chnsw_listener listener, void *context, char *error, size_t error_size);

/// Frees a graph.
void chnsw_free(chnsw_graph *graph);

/// How many candidates a search keeps; set before searches run.
void chnsw_set_search_width(chnsw_graph *graph, size_t width);

/// Up to k rows with the largest inner products found, best first, ties by smaller row. Returns their number, -1 when it
/// fails. Safe from many threads at once.
ptrdiff_t chnsw_search(const chnsw_graph *graph, const float *query, size_t k, int32_t *rows, float *products, char *error,
                       size_t error_size);

#ifdef __cplusplus
}
#endif
#endif
