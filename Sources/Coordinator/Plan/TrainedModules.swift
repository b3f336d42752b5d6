import Config

/// The modules that a framework trains with a config: what a plan counts, and what it says.
struct TrainedModules {
    let framework: Framework
    let config: Config

    var hasSurrogate: Bool { framework == .deepXML }
    /// Shortlists and the searches that make them.
    var hasShortlists: Bool { framework != .ova }
    var hasReranker: Bool { config.usesReranker(framework) }

    /// The sections of those with steps, in the order of training.
    var sections: [(name: String, config: ModuleConfig)] {
        (hasSurrogate ? [("surrogate", config.surrogate)] : []) + [("extreme", config.extreme)]
            + (hasReranker ? [("re-ranker", config.reranker)] : [])
    }

    var largestBatch: Int { sections.map(\.config.batchSize).max() ?? 0 }

    /// Networks whose layers a worker holds at a time: module III's encoder is there while module I trains its own, and
    /// the extreme classifiers stay while a re-ranker is trained on what they predict.
    var networks: Int { hasSurrogate || hasReranker ? 2 : 1 }

    /// Floats held at a time for each token embedding: value and two moments, the value alone where it is frozen.
    var embeddingCopies: Int {
        let extreme = config.extreme.freezeIntermediate ? 1 : 3
        return max(hasSurrogate ? 3 + 1 : 0, extreme + (hasReranker ? 3 : 0))
    }

    /// Files of token embeddings that modules start from; that of module III starts from module I's.
    var embeddingFiles: Int {
        let readers = sections.map(\.config).filter { $0.initialisation == "token_embeddings" }
        return Set(readers.map(\.embeddings)).count
    }

    /// Labels of the surrogate task of L labels, at most.
    func surrogateLabels(_ labels: Int) -> Int {
        guard hasSurrogate else { return 0 }
        let threshold = config.global.surrogateThreshold
        switch config.global.surrogateMethod {
        case 1, 3: return min(threshold, labels)
        default: return labels
        }
    }

    /// Labels listed a document, of L: in shortlists, and for the re-ranker.
    func listedLabels(_ labels: Int) -> (shortlist: Int, reranker: Int) {
        (hasShortlists ? min(config.extreme.numNbrs, labels) : 0, hasReranker ? min(config.reranker.numNbrs, labels) : 0)
    }
}
