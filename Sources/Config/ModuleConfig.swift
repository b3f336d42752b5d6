/// Sections `surrogate`, `extreme` and `reranker`: how one module is trained.
public struct ModuleConfig: Sendable, Equatable {
    public var optimisation = OptimisationConfig()
    public var encoder = EncoderConfig()
    public var classifier = ClassifierConfig()
    public var shortlist = ShortlistConfig()
    /// Features are l2-normalised.
    public var normalize = true
    /// Of `extreme`: keep documents and labels without training signal. (The re-ranker's labels are the first stage's.)
    public var keepInvalid = false
    /// Weight of the classifier against the nearest-neighbour scores (extreme), or against the first stage (reranker).
    public var beta = 0.2
    public init() {}
}

/// Batches, epochs, and what a step makes of a gradient.
public struct OptimisationConfig: Sendable, Equatable {
    public enum Schedule: String, CaseIterable, Sendable {
        /// By `decayFactor` every `decayInterval` epochs.
        case step
        /// To 0 after the last step.
        case linear
    }
    public enum Optimiser: String, CaseIterable, Sendable {
        case adam = "Adam"
        case adamW = "AdamW"
        case sgd = "SGD"
    }
    /// `num_epochs`.
    public var epochs = 20
    /// B.
    public var batchSize = 255
    /// B of a module with shortlists, at most: a pair holds its document's row in the batch, and its target, in 16 bits.
    public static let largestShortlistBatch = 1 << 15
    public var learningRate = 0.1
    /// `lr_schedule`.
    public var schedule = Schedule.step
    /// `dlr_factor`.
    public var decayFactor = 0.5
    /// `dlr_step`: epochs between two decays of the learning rate; −1: never.
    public var decayInterval = 7
    /// `optim`.
    public var optimiser = Optimiser.adam
    public var momentum = 0.9
    public var weightDecay = 0.0
    /// Learning rate of the encoder, as a multiple of the classifiers'.
    public var encoderRate = 1.0
    /// Learning rate of the token embeddings, as a multiple of the encoder's.
    public var tokenRate = 1.0
    /// Adam's ε.
    public var epsilon = 1e-8
    /// Share of the steps in which the rate of a linear schedule rises.
    public var warmup = 0.0
    /// Of a transformer's layers, each below the last learns at this share of the rate of the one above.
    public var layerDecay = 1.0
    /// `clip_norm`: of the gradient of the encoder's layers, for the loss that is summed over labels; 0: it is not clipped.
    public var clipNorm = 0.0
    public init() {}
}

/// Where an encoder starts, and whether it learns.
public struct EncoderConfig: Sendable, Equatable {
    public enum Start: String, CaseIterable, Sendable {
        case tokenEmbeddings = "token_embeddings"
        /// Xavier-uniform, ReLU gain.
        case random
        /// The surrogate's encoder.
        case intermediate
        /// Weights of a transformer that was trained before.
        case pretrained
    }
    /// `init`.
    public var start = Start.tokenEmbeddings
    /// File of V×D token embeddings in the data set's folder.
    public var embeddings = "fasttextB_embeddings_300d.npy"
    /// Folder of a transformer's weights as Hugging Face lays it out: an absolute path, or below the folder of the data sets.
    public var pretrained = ""
    /// `freeze_intermediate`: its coarse part stays as it is.
    public var isFrozen = false
    /// Value of `#ARGS.dropout;` in arch files (Astec's own file says its dropout itself).
    public var dropout = 0.5
    public init() {}
}

/// What the classifiers are trained on, and where they start.
public struct ClassifierConfig: Sendable, Equatable {
    public enum Method: String, CaseIterable, Sendable {
        /// All logits.
        case full
        case shortlist, reranker
        /// Uniform random negatives.
        case randomNegatives = "ns"
    }
    public enum Loss: String, CaseIterable, Sendable {
        /// Binary cross-entropy.
        case bce = "BCE"
        case hinge
        case squaredHinge = "squared hinge"
    }
    /// Inputs of the one-vs-all products; sums are in float32.
    public enum Precision: String, CaseIterable, Sendable {
        case float32
        /// Where the CPU has it.
        case bfloat16
    }
    /// Where biases of one-vs-all classifiers start.
    public enum BiasStart: String, CaseIterable, Sendable {
        /// As their weights.
        case uniform
        /// log(n/N) of their label.
        case prior
    }
    /// `model_method`.
    public var method = Method.full
    public var loss = Loss.bce
    public var precision = Precision.float32
    /// Classifiers have a bias.
    public var bias = true
    /// `bias_init`.
    public var biasStart = BiasStart.uniform
    /// After training, w·log(1/p) is added to the bias of each label, p its propensity; 0: nothing, as the original.
    public var propensityWeight = 0.0
    /// `label_text_classifiers`: a classifier is the encoder's vector of its label's text and a residual, which is trained.
    public var startsAtText = false
    /// `num_clf_partitions`: workers of a group, at least: a learner's labels are cut among them.
    public var partitions = 1
    public init() {}
}

/// Shortlists of labels: how they are searched, and what of them is trained on.
public struct ShortlistConfig: Sendable, Equatable {
    /// Where negatives come from.
    public enum NegativeSampling: String, CaseIterable, Sendable {
        /// Label centroids and nearest documents.
        case ensemble
        /// Centroids alone.
        case centroids = "kcentroid"
        /// Uniform random ones; predictions then take the ensemble's shortlists.
        case random = "ns"
    }
    public enum Method: String, CaseIterable, Sendable {
        /// No random labels.
        case fixed = "static"
        /// Random labels alone.
        case dynamic
        case hybrid
    }
    /// `ns_method`.
    public var negativeSampling = NegativeSampling.ensemble
    /// `shortlist_method`.
    public var method = Method.fixed
    /// `num_nbrs`: labels in a shortlist; of the re-ranker: labels of the first stage that it is trained on (`top_k` where
    /// unsaid).
    public var length = 300
    /// Weight of kNN in the ensemble shortlist (γ).
    public var gamma = 0.075
    /// `num_centroids`: vectors of a label with very many documents.
    public var centroids = 1
    /// Of graphs (HNSW): width of the search while building, while searching, and links a node.
    public var efC = 300
    public var efS = 300
    public var M = 100
    /// `use_intermediate_for_shorty`: x̂ is searched, not z.
    public var usesIntermediate = true
    /// Positives of a document that one step sees at most, drawn at random.
    public var maxPositives = 20
    /// Uniform random labels drawn a document and step (of which the cut at num_nbrs + 150 leaves about 150).
    public var randomNegatives = 170
    /// `pad_shortlists`. As the original: a shortlist of fewer than num_nbrs labels is filled up with a padding label of logit 0,
    /// so that of the first stage's top-k go those with a negative logit first. false: all of the top-k are re-ranked.
    public var isPadded = true
    /// `retrain_hnsw_after`: epochs after which the shortlists are made anew from the encoder as it is then, where it learns.
    public var period = 1
    /// `label_text_centroids`: a label is searched by the vector of its text beside its centroid.
    public var hasLabelText = false
    /// `update_shortlist`; false: the shortlists of the first epoch are kept, whatever `period` says.
    public var searchesAnew = true
    public init() {}
}
