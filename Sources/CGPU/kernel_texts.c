#include "kernel_texts.h"

#include <stddef.h>
#include <string.h>

static const char dialect_opencl[] = {
#embed "Kernels/dialect_opencl.cl"
    , 0};
static const char dialect_cuda[] = {
#embed "Kernels/dialect_cuda.cl"
    , 0};
static const char numbers[] = {
#embed "Kernels/numbers.cl"
    , 0};
static const char tiles[] = {
#embed "Kernels/tiles.cl"
    , 0};
static const char elementwise[] = {
#embed "Kernels/elementwise.cl"
    , 0};
static const char rows[] = {
#embed "Kernels/rows.cl"
    , 0};
static const char products[] = {
#embed "Kernels/products.cl"
    , 0};
static const char classifiers[] = {
#embed "Kernels/classifiers.cl"
    , 0};
static const char norms[] = {
#embed "Kernels/norms.cl"
    , 0};
static const char transformer[] = {
#embed "Kernels/transformer.cl"
    , 0};
static const char attention[] = {
#embed "Kernels/attention.cl"
    , 0};
static const char shortlists[] = {
#embed "Kernels/shortlists.cl"
    , 0};
static const char search[] = {
#embed "Kernels/search.cl"
    , 0};
static const char sequences[] = {
#embed "Kernels/sequences.cl"
    , 0};
static const char squares[] = {
#embed "Kernels/squares.cl"
    , 0};
static const char recurrent[] = {
#embed "Kernels/recurrent.cl"
    , 0};

static const struct {
    const char *name, *text;
} texts[] = {
    {"dialect_opencl.cl", dialect_opencl},
    {"dialect_cuda.cl", dialect_cuda},
    {"numbers.cl", numbers},
    {"tiles.cl", tiles},
    {"elementwise.cl", elementwise},
    {"rows.cl", rows},
    {"products.cl", products},
    {"classifiers.cl", classifiers},
    {"norms.cl", norms},
    {"transformer.cl", transformer},
    {"attention.cl", attention},
    {"shortlists.cl", shortlists},
    {"search.cl", search},
    {"sequences.cl", sequences},
    {"squares.cl", squares},
    {"recurrent.cl", recurrent},
};

const char *gpu_kernel_text(const char *file) {
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i].name, file) == 0) return texts[i].text;
    return NULL;
}
