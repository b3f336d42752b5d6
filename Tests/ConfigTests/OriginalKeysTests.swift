import Testing

/// A person who brings a config or an option of the original must not meet an unknown key.
@Suite("Keys of the original")
struct OriginalKeysTests {
    /// Key, with a value that the original's own files or defaults have. The first list is of what stands in its config
    /// files (`configs/*/*.json`, all layouts with sections), the second of the other options of its `parameters.py`.
    static let globalKeys: [(String, String)] = [
        ("dataset", "\"EURLex-4K\""), ("feature_type", "\"sparse\""), ("num_labels", "3993"), ("arch", "\"Astec\""),
        ("A", "0.55"),
        ("B", "1.5"), ("use_reranker", "true"), ("surrogate_threshold", "65536"), ("surrogate_method", "1"),
        ("embedding_dims", "300"), ("top_k", "100"), ("save_top_k", "100"), ("beta", "0.10"), ("save_predictions", "true"),
        ("trn_label_fname", "\"trn_X_Y.txt\""), ("val_label_fname", "\"tst_X_Y.txt\""), ("tst_label_fname", "\"tst_X_Y.txt\""),
        ("trn_feat_fname", "\"trn_X_Xf.txt\""), ("val_feat_fname", "\"tst_X_Xf.txt\""), ("tst_feat_fname", "\"tst_X_Xf.txt\""),
    ]
    static let moduleKeys: [(String, String)] = [
        ("num_epochs", "20"), ("dlr_factor", "0.5"), ("learning_rate", "0.007"), ("batch_size", "255"), ("dlr_step", "14"),
        ("normalize", "true"), ("optim", "\"Adam\""), ("init", "\"token_embeddings\""),
        ("embeddings", "\"fasttextB_embeddings_300d.npy\""), ("validate", "true"), ("save_intermediate", "true"),
        ("ns_method", "\"ensemble\""), ("num_centroids", "300"), ("efC", "300"), ("efS", "400"), ("M", "100"),
        ("num_nbrs", "500"), ("ann_threads", "18"), ("beta", "0.5"), ("surrogate_mapping", "null"),
        ("num_clf_partitions", "1"), ("freeze_intermediate", "true"), ("model_method", "\"shortlist\""),
        ("shortlist_method", "\"hybrid\""), ("load_intermediate", "true"), ("use_shortlist", "true"),
        ("use_intermediate_for_shorty", "true"), ("keep_invalid", "true"), ("update_shortlist", "false"),
        ("use_pretrained_shortlist", "true"), ("retrain_hnsw_after", "5"),
    ]
    static let otherOptions: [(String, String)] = [
        ("ann_method", "\"hnsw\""), ("bias", "true"), ("data_dir", "\"/xc/data\""), ("devices", "[\"cuda:0\"]"),
        ("dropout", "0.5"), ("feature_indices", "null"), ("get_only", "[\"knn\", \"clf\", \"combined\"]"),
        ("huge_dataset", "false"), ("label_indices", "null"), ("label_padding_index", "null"), ("last_epoch", "0"),
        ("mode", "\"train\""), ("model_dir", "\"/xc/models\""), ("model_fname", "\"model\""), ("momentum", "0.9"),
        ("nbn_rel", "false"), ("num_workers", "6"), ("out_fname", "\"out\""), ("padding_idx", "0"),
        ("pred_fname", "\"predictions\""), ("res_init", "\"eye\""), ("result_dir", "\"/xc/results\""), ("seed", "22"),
        ("shuffle", "true"), ("validate_after", "5"), ("vocabulary_dims", "-1"), ("weight_decay", "0.0"),
    ]

    @Test("of section global are known", arguments: globalKeys)
    func inGlobal(key: String, value: String) throws {
        _ = try parse("{\"global\": {\"\(key)\": \(value)}}")
    }

    @Test("of a module's section are known, in each module and in global", arguments: moduleKeys + otherOptions)
    func inModules(key: String, value: String) throws {
        for section in ["surrogate", "extreme", "reranker", "global"] {
            _ = try parse("{\"\(section)\": {\"\(key)\": \(value)}}")
        }
    }

    @Test("a key that the original never had is not")
    func unknown() {
        #expect(failure { try parse("{\"extreme\": {\"num_epoch\": 20}}") } != nil)
    }
}
