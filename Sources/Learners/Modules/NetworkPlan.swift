import Config
import Support
import Training

/// The modules that a learner of encoders and classifiers trains with a config: what a plan counts, and what it says.
package struct NetworkPlan: Sendable {
    package let modules: NetworkModules
    package let config: Config
    package let hasReranker: Bool

    package var hasSurrogate: Bool { modules.hasSurrogate }
    package var hasShortlists: Bool { modules.hasShortlists }

    /// The sections of those with steps, in the order of training.
    package var sections: [(name: String, config: ModuleConfig)] {
        (hasSurrogate ? [("surrogate", config.surrogate)] : []) + [("extreme", config.extreme)]
            + (hasReranker ? [("re-ranker", config.reranker)] : [])
    }

    package var largestBatch: Int { sections.map(\.config.optimisation.batchSize).max() ?? 0 }

    /// Networks whose layers a worker holds at a time: module III's encoder is there while module I trains its own, and
    /// the extreme classifiers stay while a re-ranker is trained on what they predict.
    package var networks: Int { hasSurrogate || hasReranker ? 2 : 1 }

    /// Floats held at a time for each token embedding: value and two moments, the value alone where it is frozen.
    package var embeddingCopies: Int {
        let extreme = config.extreme.encoder.isFrozen ? 1 : 3
        return max(hasSurrogate ? 3 + 1 : 0, extreme + (hasReranker ? 3 : 0))
    }

    /// Files of token embeddings that modules start from; that of module III starts from module I's.
    package var embeddingFiles: Int {
        let readers = sections.map(\.config).filter { $0.encoder.start == .tokenEmbeddings }
        let pretrained = sections.map(\.config).filter { $0.encoder.start == .pretrained }
        return Set(readers.map(\.encoder.embeddings)).count + Set(pretrained.map(\.encoder.pretrained)).count
    }

    /// Labels of the surrogate task of L labels, at most.
    package func surrogateLabels(_ labels: Int) -> Int {
        guard hasSurrogate else { return 0 }
        let threshold = config.global.surrogateThreshold
        switch config.global.surrogateMethod {
        case 1, 3: return min(threshold, labels)
        default: return labels
        }
    }

    /// Labels listed a document, of L: in shortlists, and for the re-ranker.
    package func listedLabels(_ labels: Int) -> (shortlist: Int, reranker: Int) {
        (
            hasShortlists ? min(config.extreme.shortlist.length, labels) : 0,
            hasReranker ? min(config.reranker.shortlist.length, labels) : 0
        )
    }
}
