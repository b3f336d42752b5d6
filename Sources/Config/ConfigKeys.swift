import Formats

/// The keys of section `global`, in the original's order.
extension GlobalConfig {
    static let keys: [ConfigKey<GlobalConfig>] = [
        .text("dataset", \.dataset, of: "the name of a data set", mayBeEmpty: true, reach: .report),
        .choice("feature_type", \.featureType),
        .optionalText("feature_indices", \.featureIndices, of: fileName),
        .optionalText("label_indices", \.labelIndices, of: fileName),
        .integer("num_labels", \.numLabels, 1...Int(Int32.max), orMinusOne: "taken from the data", reach: .report),
        .text("arch", \.arch, of: "the name of an arch file", reach: .learner),
        .number("A", \.A, from: 0, to: 10, reach: .propensity),
        .number("B", \.B, above: 0, to: 1000, reach: .propensity),
        .flag("use_reranker", \.useReranker),
        .integer("surrogate_threshold", \.surrogateThreshold, 0...Int(Int32.max)),
        .integer("surrogate_method", \.surrogateMethod, 0...3),
        .integer("embedding_dims", \.embeddingDims, 1...65536),
        .integer("top_k", \.topK, 1...1_000_000),
        .optionalInteger("save_top_k", \.saveTopK, 1...1_000_000, reach: .report),
        .number("beta", \.beta, to: 1),
        .flag("save_predictions", \.savePredictions, reach: .report),
        .text("trn_label_fname", \.trnLabelFname, of: fileName, reach: .report),
        .text("val_label_fname", \.valLabelFname, of: fileName, reach: .report),
        .text("tst_label_fname", \.tstLabelFname, of: fileName, reach: .report),
        .text("trn_feat_fname", \.trnFeatFname, of: fileName, reach: .report),
        .text("val_feat_fname", \.valFeatFname, of: fileName, reach: .report),
        .text("tst_feat_fname", \.tstFeatFname, of: fileName, reach: .report),
        .text("lbl_feat_fname", \.lblFeatFname, of: fileName, reach: .report).added(),
        .flag("label_text_documents", \.labelTextDocuments).added(),
        .optionalText("held_out_labels", \.heldOutLabels, of: fileName).added(),
    ]
    private static let fileName = "the name of a file in the data set's folder"
}

/// The keys of sections `surrogate`, `extreme` and `reranker`; in `global` they hold for all three.
extension ModuleConfig {
    static let keys: [ConfigKey<ModuleConfig>] = [
        .integer("num_epochs", \.optimisation.epochs, 1...100_000),
        .number("learning_rate", \.optimisation.learningRate, above: 0, to: 100),
        .number("dlr_factor", \.optimisation.decayFactor, above: 0, to: 1),
        .integer("dlr_step", \.optimisation.decayInterval, 1...100_000, orMinusOne: "never"),
        .integer("batch_size", \.optimisation.batchSize, 1...1_000_000),
        .flag("normalize", \.normalize),
        .choice("optim", \.optimisation.optimiser),
        .number("momentum", \.optimisation.momentum, to: 1),
        .number("weight_decay", \.optimisation.weightDecay, to: 1),
        .number("dropout", \.encoder.dropout, to: 1),
        .text("embeddings", \.encoder.embeddings, of: "the name of a file in the data set's folder", reach: .learner),
        .choice("init", \.encoder.start, whereNull: .random),
        .text(
            "pretrained", \.encoder.pretrained, of: "a folder with model.safetensors, config.json and vocab.txt",
            mayBeEmpty: true, reach: .report
        ).added(),
        .number("beta", \.beta, to: 1),
        .choice("ns_method", \.shortlist.negativeSampling),
        .integer("num_centroids", \.shortlist.centroids, 1...1_000_000),
        .integer("efC", \.shortlist.efC, 1...1_000_000),
        .integer("efS", \.shortlist.efS, 1...1_000_000),
        .integer("M", \.shortlist.M, 2...10_000),
        .integer("num_nbrs", \.shortlist.length, 1...1_000_000),
        .number("gamma", \.shortlist.gamma, to: 1),
        .integer("max_positives", \.shortlist.maxPositives, 1...1_000_000),
        .integer("random_negatives", \.shortlist.randomNegatives, 0...1_000_000),
        .flag("pad_shortlists", \.shortlist.isPadded),
        .integer("num_clf_partitions", \.classifier.partitions, 1...10_000),
        .flag("freeze_intermediate", \.encoder.isFrozen),
        .flag("keep_invalid", \.keepInvalid),
        .flag("use_intermediate_for_shorty", \.shortlist.usesIntermediate),
        .choice("model_method", \.classifier.method),
        .choice("shortlist_method", \.shortlist.method),
        .integer("retrain_hnsw_after", \.shortlist.period, 1...1_000_000),
        .flag("bias", \.classifier.bias),
        .flag("update_shortlist", \.shortlist.searchesAnew),
        .choice("precision", \.classifier.precision),
        .choice("loss", \.classifier.loss),
        .number("propensity_weight", \.classifier.propensityWeight, from: 0, to: 10),
        .choice("bias_init", \.classifier.biasStart),
        .choice("lr_schedule", \.optimisation.schedule),
        .number("encoder_rate", \.optimisation.encoderRate, above: 0, to: 100),
        .number("epsilon", \.optimisation.epsilon, above: 0, to: 1).added(),
        .number("warmup", \.optimisation.warmup, to: 0.99).added(),
        .number("layer_decay", \.optimisation.layerDecay, above: 0, to: 1).added(),
        .number("token_rate", \.optimisation.tokenRate, above: 0, to: 100).added(),
        .number("clip_norm", \.optimisation.clipNorm, to: 1e9).added(),
        .flag("label_text_classifiers", \.classifier.startsAtText).added(),
        .flag("label_text_centroids", \.shortlist.hasLabelText).added(),
    ]
}

/// Keys of the original that are accepted in every section and change nothing here, each with the reason.
enum KeysWithoutEffect {
    static let reasons: [String: String] = [
        "ann_method": "exact search or HNSW, whichever costs less",
        "ann_threads": "--threads",
        "data_dir": "--data",
        "devices": "--device, and each worker takes the GPU of its place on its node",
        "feature_indices": "it stands in section global, since features are read once",
        "get_only": "all scores are kept",
        "huge_dataset": "memory is planned from the data's size",
        "label_indices": "it stands in section global, since labels are read once",
        "label_padding_index": "shortlists need no padding label",
        "last_epoch": "a run goes on from its newest checkpoint by itself",
        "load_intermediate": "`extreme` always starts from the surrogate's encoder, see `init`",
        "mode": "one run trains and predicts",
        "model_dir": "--work",
        "model_fname": "the layout of models/ is fixed",
        "nbn_rel": "labels are binary",
        "num_workers": "--threads",
        "out_fname": "the layout of results/ is fixed",
        "padding_idx": "documents need no padding token",
        "pred_fname": "the layout of results/ is fixed",
        "res_init": "the arch file says it",
        "result_dir": "--work",
        "save_intermediate": "the encoder is in the checkpoints",
        "seed": "--seeds",
        "shuffle": "documents are always shuffled",
        "surrogate_mapping": "clusters are computed in the run",
        "use_pretrained_shortlist": "the re-ranker takes the extreme classifiers' predictions",
        "use_shortlist": "`model_method` says it",
        "validate": "--validation",
        "validate_after": "it counts with --validation alone",
        "vocabulary_dims": "taken from the data",
    ]

    /// Keys whose effect in the original would be missed: the only value that means the same here.
    static let onlyValue: [String: JSONValue] = [
        "feature_indices": .null, "label_indices": .null, "nbn_rel": .bool(false), "shuffle": .bool(true),
    ]
}

extension GlobalConfig {
    static func key(_ name: String) -> ConfigKey<GlobalConfig>? { byName[name] }

    private static let byName = Dictionary(keys.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}

extension ModuleConfig {
    static func key(_ name: String) -> ConfigKey<ModuleConfig>? { byName[name] }

    private static let byName = Dictionary(keys.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}
