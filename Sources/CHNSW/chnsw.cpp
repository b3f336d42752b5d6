#include "chnsw.h"

#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <memory>
#include <vector>

namespace {

/// The negated inner product: a graph only compares distances, and 1 - x would round the last bits of x away.
__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) float
negated_product(const void *left, const void *right, const void *dims_pointer) {
    const float *a = static_cast<const float *>(left), *b = static_cast<const float *>(right);
    const size_t dims = *static_cast<const size_t *>(dims_pointer);
    float lanes[32] = {0};
    size_t d = 0;
    for (; d + 32 <= dims; d += 32)
        for (size_t i = 0; i < 32; i++) lanes[i] += a[d + i] * b[d + i];
    for (size_t i = 0; d < dims; d++, i++) lanes[i] += a[d] * b[d];
    for (size_t half = 16; half > 0; half /= 2)
        for (size_t i = 0; i < half; i++) lanes[i] += lanes[i + half];
    return -lanes[0];
}

class Products : public hnswlib::SpaceInterface<float> {
    size_t dims;

public:
    explicit Products(size_t dims) : dims(dims) {}
    size_t get_data_size() override { return dims * sizeof(float); }
    hnswlib::DISTFUNC<float> get_dist_func() override { return negated_product; }
    void *get_dist_func_param() override { return &dims; }
};

/// Nearest first, ties by smaller row; what is no number last, since sorting needs an order of all.
bool is_nearer(const std::pair<float, hnswlib::labeltype> &left, const std::pair<float, hnswlib::labeltype> &right) {
    const bool is_nan = std::isnan(left.first), is_other_nan = std::isnan(right.first);
    if (is_nan || is_other_nan) return is_nan == is_other_nan ? left.second < right.second : is_other_nan;
    return left < right;
}

void say(const char *what, char *error, size_t size) {
    if (size > 0) std::snprintf(error, size, "%s", what);
}

} // namespace

struct chnsw_graph {
    Products space;
    hnswlib::HierarchicalNSW<float> index;

    chnsw_graph(size_t rows, size_t dims, size_t links, size_t width, uint32_t seed)
        : space(dims), index(&space, rows, links, width, seed) {}
};

extern "C" chnsw_graph *chnsw_build(const float *vectors, size_t rows, size_t dims, size_t links, size_t construction_width,
                                    uint32_t seed, chnsw_listener listener, void *context, char *error, size_t error_size) {
    try {
        auto graph = std::make_unique<chnsw_graph>(rows, dims, links, construction_width, seed);
        const size_t run = 64;
        for (size_t r = 0; r < rows; r++) {
            graph->index.addPoint(vectors + r * dims, r);
            if ((r + 1) % run == 0) listener(context, run);
        }
        listener(context, rows % run);
        return graph.release();
    } catch (const std::exception &failure) {
        say(failure.what(), error, error_size);
    } catch (...) {
        say("unknown error", error, error_size);
    }
    return nullptr;
}

extern "C" void chnsw_free(chnsw_graph *graph) { delete graph; }

extern "C" void chnsw_set_search_width(chnsw_graph *graph, size_t width) { graph->index.setEf(width); }

extern "C" ptrdiff_t chnsw_search(const chnsw_graph *graph, const float *query, size_t k, int32_t *rows, float *products,
                                  char *error, size_t error_size) {
    try {
        auto queue = graph->index.searchKnn(query, k);
        std::vector<std::pair<float, hnswlib::labeltype>> found;
        found.reserve(queue.size());
        for (; !queue.empty(); queue.pop()) found.push_back(queue.top());
        std::sort(found.begin(), found.end(), is_nearer);
        for (size_t i = 0; i < found.size(); i++) {
            products[i] = -found[i].first;
            rows[i] = static_cast<int32_t>(found[i].second);
        }
        return static_cast<ptrdiff_t>(found.size());
    } catch (const std::exception &failure) {
        say(failure.what(), error, error_size);
    } catch (...) {
        say("unknown error", error, error_size);
    }
    return -1;
}
