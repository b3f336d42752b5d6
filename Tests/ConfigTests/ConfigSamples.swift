/// Configs in the three shapes that the original's repository has had, shortened.
enum ConfigSamples {
    /// As of 2021: `load_intermediate` says where the encoder comes from.
    static let older = """
        {
            "global": {
                "dataset": "EURLex-4K",
                "feature_type": "sparse",
                "num_labels": 3993,
                "arch": "Astec",
                "A": 0.55,
                "B": 1.5,
                "use_reranker": true,
                "surrogate_threshold": 1024,
                "surrogate_method": 1,
                "embedding_dims": 300,
                "top_k": 100,
        \t"beta": 0.3,
                "save_predictions": true,\u{20}
                "trn_label_fname": "trn_X_Y.txt",
                "val_label_fname": "tst_X_Y.txt"
            },
            "surrogate": {
                "num_epochs": 20, "dlr_factor": 0.5, "learning_rate": 0.01, "batch_size": 255, "dlr_step": 14,
                "normalize": true, "optim": "Adam", "embeddings": "fasttextB_embeddings_300d.npy",
                "validate": true, "save_intermediate": true
            },
            "extreme": {
                "num_epochs": 20, "dlr_factor": 0.5, "learning_rate": 0.007, "batch_size": 255, "dlr_step": 14,
                "ns_method": "ensemble", "num_centroids": 1, "efC": 300, "efS": 400, "M": 100, "num_nbrs": 500,
                "ann_threads": 18, "beta": 0.5, "surrogate_mapping": null, "num_clf_partitions": 1, "optim": "Adam",
                "freeze_intermediate": true, "validate": true, "model_method": "shortlist", "normalize": true,
                "shortlist_method": "hybrid", "load_intermediate": true, "use_shortlist": true,
                "use_intermediate_for_shorty": true
            },
            "reranker": {
                "num_epochs": 15, "dlr_factor": 0.5, "learning_rate": 0.005, "batch_size": 255, "dlr_step": 10,
                "beta": 0.6, "num_clf_partitions": 1, "optim": "Adam", "validate": true, "model_method": "reranker",
                "shortlist_method": "static", "surrogate_mapping": null, "normalize": true, "use_shortlist": true,
                "load_intermediate": false, "save_intermediate": false, "keep_invalid": true,
                "freeze_intermediate": false, "update_shortlist": false, "use_pretrained_shortlist": true,
                "embeddings": "fasttextB_embeddings_300d.npy"
            }
        }
        """

    /// As of 2022, for the largest sets: `init`, `save_top_k`, more than one centroid a label.
    static let newer = """
        {
            "global": {
                "dataset": "LF-AmazonTitles-1.3M", "feature_type": "sparse", "num_labels": 1305265, "arch": "Astec",
                "A": 0.6, "B": 2.6, "use_reranker": true, "surrogate_threshold": 65536, "surrogate_method": 1,
                "embedding_dims": 512, "top_k": 350, "save_top_k": 100, "beta": 0.60, "save_predictions": true
            },
            "surrogate": {
                "num_epochs": 20, "learning_rate": 0.003, "batch_size": 255, "dlr_step": 14, "normalize": true,
                "optim": "Adam", "init": "token_embeddings", "embeddings": "fasttextB_embeddings_512d.npy"
            },
            "extreme": {
                "num_epochs": 15, "learning_rate": 0.0005, "ns_method": "ensemble", "num_centroids": 300, "efS": 400,
                "num_nbrs": 500, "beta": 0.5, "freeze_intermediate": true, "model_method": "shortlist",
                "shortlist_method": "hybrid", "init": "intermediate", "use_intermediate_for_shorty": true
            },
            "reranker": {
                "num_epochs": 10, "learning_rate": 0.002, "dlr_step": 7, "model_method": "reranker",
                "shortlist_method": "static", "init": "token_embeddings", "keep_invalid": true,
                "freeze_intermediate": false
            }
        }
        """

    /// One module, as framework DeepXML-ANNS has it.
    static let oneModule = """
        {
            "global": {
                "dataset": "EURLex-4K", "use_reranker": true, "beta": 0.5, "surrogate_threshold": 0,
                "surrogate_method": 0, "top_k": 100
            },
            "extreme": {
                "num_epochs": 30, "learning_rate": 0.007, "batch_size": 255, "ns_method": "ensemble", "efS": 400,
                "num_nbrs": 500, "retrain_hnsw_after": 5, "update_shortlist": true, "optim": "Adam",
                "freeze_intermediate": false, "model_method": "shortlist", "normalize": true,
                "shortlist_method": "hybrid", "init": "token_embeddings"
            }
        }
        """

    /// The oldest layout, which the original itself reads no more.
    static let flat = """
        {
            "use_post": 0,
            "aux_threshold": 65536,
            "topk": 250,
            "lr_aux": 0.01,
            "order": ["shortlist", "full"]
        }
        """

    /// An arch file as the original writes it.
    static let astec = """
        {
            "transform_coarse": {
                "order": ["astec"],
                "astec": {
                    "vocabulary_dims": "#ARGS.vocabulary_dims;",
                    "embedding_dims": "#ARGS.embedding_dims;",
                    "freeze": "#ARGS.freeze_intermediate;",
                    "dropout": 0.4
                }
            },
            "transform_fine": {
                "order": ["residual"],
                "residual": {
                    "input_size": "#ARGS.embedding_dims;", "output_size": "#ARGS.embedding_dims;",
                    "dropout": 0.2, "init": "eye"
                }
            }
        }
        """

    static let recurrent = """
        {
            "transform_coarse": {
                "order": ["astecpp", "rnn", "dropout"],
                "astecpp": {"embedding_dims": "#ARGS.embedding_dims;", "dropout": 0.2, "reduction": null},
                "rnn": {"cell_type": "GRU", "hidden_size": 256, "bidirectional": true},
                "dropout": {"p": 0.3}
            },
            "transform_fine": {"order": ["identity"], "identity": {}}
        }
        """
}
