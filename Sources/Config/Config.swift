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
    /// The settings as `json` had them before the first `set`, as a file does; nil: nothing was set.
    public internal(set) var fileText: String?

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
    public var featureType = FeatureType.sparse
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
    /// Features of the labels' texts, a row a label; read where a setting of `label_text_…` asks for them.
    public var lblFeatFname = "lbl_X_Xf.txt"
    /// `label_text_documents`: the text of a label is a training document that has this label alone.
    public var labelTextDocuments = false
    /// File of labels, one a line, that the training documents lose; nil: none.
    public var heldOutLabels: String?
    public init() {}
}
