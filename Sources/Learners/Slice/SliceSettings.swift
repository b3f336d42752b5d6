import Config

/// Section `slice` of a config: linear classifiers on fixed document vectors (Jain et al., WSDM 2019).
package struct SliceSettings: FrameworkSection {
    /// What a document's vector is the sum of, where its features are tokens.
    package enum Start: String, CaseIterable, Sendable {
        case tokenEmbeddings = "token_embeddings"
        /// A random projection of the features.
        case random
    }

    package var start = Start.tokenEmbeddings
    package var embeddings = "fasttextB_embeddings_300d.npy"
    package var normalize = true
    package var keepInvalid = false
    /// Labels listed a document: where negatives come from, and what is scored at prediction.
    package var numNbrs = 300
    // swift-format-ignore: AlwaysUseLowerCamelCase
    package var M = 100
    package var efC = 300
    package var efS = 300
    /// C of the squared hinge loss.
    package var cost = 1.0
    package var bias = 1.0
    package var tolerance = 0.01
    package var maxProducts = 1000
    /// Weight of the classifiers' probability; the rest is the generative model's.
    package var beta = 0.5
    /// What a similarity is multiplied by before its logistic function; 0: the mean length of a classifier.
    package var gamma = 0.0
    package var generativeBias = 0.0

    package init() {}

    package static let section = ConfigSection(rawValue: "slice")

    package static let keys: [ConfigKey<SliceSettings>] = [
        .choice("init", \.start, whereNull: .random).meaning(
            "where the token embeddings that documents are the sum of come from"),
        .text("embeddings", \.embeddings, of: "the name of a file in the data set's folder", reach: .learner),
        .flag("normalize", \.normalize).meaning("features are l2-normalised"),
        .flag("keep_invalid", \.keepInvalid).meaning("documents and labels without training signal stay"),
        .integer("num_nbrs", \.numNbrs, 1...1_000_000).meaning("nearest labels of a document"),
        .integer("M", \.M, 2...10_000).meaning("links of a vector in the graph"),
        .integer("efC", \.efC, 1...1_000_000).meaning("candidates kept while a graph is built"),
        .integer("efS", \.efS, 1...1_000_000).meaning("candidates kept while it is searched"),
        .number("cost", \.cost, above: 0, to: 1e6).meaning("C: weight of the squared hinge loss"),
        .number("bias", \.bias, to: 1e6).meaning("value of a feature that all documents have; 0: none"),
        .number("tolerance", \.tolerance, above: 0, to: 1).meaning("largest gradient left, relative to the one at the start"),
        .integer("max_products", \.maxProducts, 1...1_000_000_000).meaning("most products with the Hessian, a label"),
        .number("beta", \.beta, to: 1).meaning("weight of the classifiers beside the generative model"),
        .number("gamma", \.gamma, to: 1e6).meaning("scale of similarities; 0: the mean length of a classifier"),
        .number("generative_bias", \.generativeBias, from: -1e6, to: 1e6).meaning("taken from a scaled similarity"),
    ]
}
