// Versions of a function for the processor that runs it, chosen when the program starts.
#ifndef DEEPXML_CTEXT_CLONES_H
#define DEEPXML_CTEXT_CLONES_H
#define CT_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
