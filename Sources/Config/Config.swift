/// A training configuration, with the original's keys: `global`, then one section a module.
///
/// `Config()` holds settings that train; a file is decoded over the original's own defaults (`Config.whereAbsent`).
public struct Config: Sendable {
    public var global = GlobalConfig()
    public var surrogate = ModuleConfig()
    public var extreme = ModuleConfig()
    public var reranker = ModuleConfig()
    /// The section of the framework's own, where its schema has one.
    var own: (any FrameworkSection)?
    /// What the file and `--set` say, before sections inherit from each other.
    var written: WrittenConfig

    /// - Parameter schema: of the framework that is to be trained.
    public init(_ schema: ConfigSchema = .modules) {
        written = WrittenConfig(schema: schema)
        own = schema.own.map { $0.init() }
    }

    public var schema: ConfigSchema { written.schema }

    /// The settings of a framework's own section; its defaults where the config is of another framework.
    public subscript<Own: FrameworkSection>(_ type: Own.Type) -> Own {
        get { own as? Own ?? Own() }
        set { own = newValue }
    }
}

extension Config: Equatable {
    /// Equal where all sections hold the same settings, however these were written.
    public static func == (a: Config, b: Config) -> Bool {
        a.global == b.global && a.surrogate == b.surrogate && a.extreme == b.extreme && a.reranker == b.reranker
            && (a.own?.equals(b.own) ?? (b.own == nil))
    }
}

/// Section `global`: the data set and what holds for all modules.
public struct GlobalConfig: Sendable, Equatable {
    public var dataset = ""
    /// `sparse`, `dense` or `sequential`.
    public var featureType = "sparse"
    /// File of the columns of features that are used, one a line; nil: all.
    public var featureIndices: String?
    /// File of the labels that are trained, one a line; nil: all.
    public var labelIndices: String?
    /// −1: taken from the data. The original wants the number; ours only checks it where it is given.
    public var numLabels = -1
    public var arch = "Astec"
    /// Propensity constants (Jain et al., KDD 2016).
    public var A = 0.55
    public var B = 1.5
    public var useReranker = true
    /// Number of label clusters of module I.
    public var surrogateThreshold = 65536
    public var surrogateMethod = 1
    /// D.
    public var embeddingDims = 300
    /// Predictions kept a document.
    public var topK = 100
    /// Predictions kept a document in `score.npz`; nil: `topK`.
    public var saveTopK: Int?
    /// β at which `score.npz`, `metrics` and the ensemble are computed.
    public var beta = 0.3
    public var savePredictions = true
    public var trnLabelFname = "trn_X_Y.txt"
    public var valLabelFname = "tst_X_Y.txt"
    public var tstLabelFname = "tst_X_Y.txt"
    public var trnFeatFname = "trn_X_Xf.txt"
    public var valFeatFname = "tst_X_Xf.txt"
    public var tstFeatFname = "tst_X_Xf.txt"
    public init() {}
}

/// Sections `surrogate`, `extreme` and `reranker`: how one module is trained.
public struct ModuleConfig: Sendable, Equatable {
    public var numEpochs = 20
    public var learningRate = 0.1
    public var dlrFactor = 0.5
    /// Epochs between two decays of the learning rate; −1: never.
    public var dlrStep = 7
    /// `step` (by `dlrFactor` and `dlrStep`) or `linear` (to 0 after the last step).
    public var lrSchedule = "step"
    /// B.
    public var batchSize = 255
    /// Features are l2-normalised.
    public var normalize = true
    /// `Adam` or `SGD`.
    public var optim = "Adam"
    public var momentum = 0.9
    public var weightDecay = 0.0
    /// Value of `#ARGS.dropout;` in arch files (Astec's own file says its dropout itself).
    public var dropout = 0.5
    /// File of V×D token embeddings in the data set's folder.
    public var embeddings = "fasttextB_embeddings_300d.npy"
    /// `token_embeddings`, `random` (Xavier-uniform, ReLU gain) or `intermediate` (the surrogate's encoder).
    public var initialisation = "token_embeddings"
    /// Weight of the classifier against the nearest-neighbour scores (extreme), or against the first stage (reranker).
    public var beta = 0.2
    /// Where negatives come from: `ensemble` (label centroids and nearest documents), `kcentroid` (centroids alone), or `ns`
    /// (uniform random ones; predictions then take the ensemble's shortlists).
    public var nsMethod = "ensemble"
    public var numCentroids = 1
    public var efC = 300
    public var efS = 300
    public var M = 100
    /// Labels in a shortlist; of the re-ranker: labels of the first stage that it is trained on (`top_k` where unsaid).
    public var numNbrs = 300
    /// Weight of kNN in the ensemble shortlist (γ).
    public var gamma = 0.075
    /// Positives of a document that one step sees at most, drawn at random.
    public var maxPositives = 20
    /// Uniform random labels drawn a document and step (of which the cut at num_nbrs + 150 leaves about 150).
    public var randomNegatives = 170
    /// As the original: a shortlist of fewer than num_nbrs labels is filled up with a padding label of logit 0, so that of
    /// the first stage's top-k go those with a negative logit first. false: all of the top-k are re-ranked.
    public var padShortlists = true
    /// Workers of a group, at least: a learner's labels are cut among them.
    public var numClfPartitions = 1
    public var freezeIntermediate = false
    /// Of `extreme`: documents and labels that nothing can be learned of stay. (The re-ranker's labels are the first stage's.)
    public var keepInvalid = false
    public var useIntermediateForShorty = true
    /// `full`, `shortlist`, `reranker` or `ns`.
    public var modelMethod = "full"
    /// `static`, `dynamic` or `hybrid`.
    public var shortlistMethod = "static"
    /// Epochs after which the shortlists are made anew from the encoder as it is then, where it learns.
    public var retrainHnswAfter = 1
    /// Classifiers have a bias.
    public var bias = true
    /// false: the shortlists of the first epoch are kept, whatever `retrain_hnsw_after` says.
    public var updateShortlist = true
    /// Inputs of the one-vs-all products: `float32`, or `bfloat16` (with sums in float32) where the CPU has it.
    public var precision = "float32"
    /// `BCE`, `hinge` or `squared hinge`.
    public var loss = "BCE"
    /// Where biases of one-vs-all classifiers start: `uniform`, as their weights, or `prior`, log(n/N) of their label.
    public var biasInit = "uniform"
    /// After training, w·log(1/p) is added to the bias of each label, p its propensity; 0: nothing, as the original.
    public var propensityWeight = 0.0
    /// Learning rate of the encoder, as a multiple of the classifiers'.
    public var encoderRate = 1.0
    public init() {}
}
