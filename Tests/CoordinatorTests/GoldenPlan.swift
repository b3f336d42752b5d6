/// WordNetSmall, three seeds on eight ranks of one node with two cores.
let goldenPlan = """
    Plan: 3 learners to train: seeds 108, 666, 786
      8 ranks on 1 node: rank 0 coordinates, 7 workers in 3 groups
      13,114 training and 3,282 test documents, 12,136 tokens, 4,015 labels, 300 dimensions
      DeepXML: surrogate (20 epochs), shortlists, extreme (20 epochs), re-ranker (20 epochs)

    Groups (each takes the next seed when it is done)
      group 0: ranks 1–3, 1 thread each; starts with seed 108
      group 1: ranks 4, 5, 1 thread each; starts with seed 666
      group 2: ranks 6, 7, 1 thread each; starts with seed 786

    Labels: 32 virtual shards of 125–126 labels
      group 0: 1,255–1,380 labels a worker, 100 columns of the embeddings
      group 1: 2,007–2,008 labels a worker, 150 columns of the embeddings
      group 2: 2,007–2,008 labels a worker, 150 columns of the embeddings

    Time, estimated without reading and messages
      about 43.3 s a learner on 0.57 cores (surrogate 14.6 s, shortlists 4.21 s, extreme 14.1 s, re-ranker 10.3 s)

    Memory, estimated
      rank 0: 116 MiB
      group 0: at most 159 MiB a rank
        program 64 MiB, shortlists 33 MiB, token embeddings 19 MiB, re-ranker's lists 15 MiB, \
    vectors and graphs 11 MiB, classifiers 9.5 MiB, batch buffers 5.2 MiB, residual 2.7 MiB
      group 1: at most 202 MiB a rank
        program 64 MiB, shortlists 50 MiB, token embeddings 28 MiB, re-ranker's lists 23 MiB, \
    vectors and graphs 16 MiB, classifiers 14 MiB, batch buffers 5.2 MiB, residual 2.7 MiB
      group 2: at most 202 MiB a rank
        program 64 MiB, shortlists 50 MiB, token embeddings 28 MiB, re-ranker's lists 23 MiB, \
    vectors and graphs 16 MiB, classifiers 14 MiB, batch buffers 5.2 MiB, residual 2.7 MiB
      node alpha: 1.39 GiB, of it 16 MiB data shared by ranks 0–7; 24.00 GiB available

    Messages a step, in a group of 3 (steps: surrogate 1,040, extreme 1,040, re-ranker 1,040)
      vectors of the batch and gradients, in memory that the workers of a node share: 0 KiB received a worker

    Note
      node alpha has 2 cores for 7 worker threads: they take turns
    """
