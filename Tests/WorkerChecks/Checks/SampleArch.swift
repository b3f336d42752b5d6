/// Small encoders, one of each kind of layer, as arch files.
public enum SampleArch: String, Sendable, CaseIterable {
    /// The built-in one, which is no stack.
    case astec
    /// A stack over bags of words.
    case astecMean
    case rnn, gru, lstm, xmlcnn, transformer
    /// A recurrent network with attention over its states; convolutions over dimensions.
    case attention, inception
    /// Of dense features.
    case mlp, identity

    /// The content of the arch file; nil: the program's own.
    var json: String? {
        switch self {
        case .astec: nil
        case .astecMean: Self.file(["astec": #"{"dropout": 0.3, "reduction": "mean"}"#], ["residual": Self.residual])
        case .rnn:
            Self.recurrent(
                #""cell_type": "RNN", "hidden_size": 8, "num_layers": 2, "dropout": 0.2"#, fine: ["residual": Self.residual])
        case .gru: Self.recurrent(#""cell_type": "GRU", "hidden_size": 8, "bidirectional": true"#, fine: ["identity": "{}"])
        case .lstm:
            Self.recurrent(#""cell_type": "LSTM", "hidden_size": 8, "bidirectional": true"#, fine: ["residual": Self.residual])
        case .xmlcnn:
            Self.file(
                [
                    "astecpp": #"{"dropout": 0.1}"#,
                    "xmlcnn": #"{"filter_sizes": [2, 3], "num_filters": 4, "pooling_units": 2, "hidden_size": 16}"#,
                ], ["identity": "{}"])
        case .transformer:
            Self.file(
                [
                    "transformer": #"{"num_layers": 2, "num_heads": 4, "intermediate_size": 24, "positions": 64}"#,
                    "pooling": #"{"kind": "mean"}"#, "dropout": #"{"p": 0.2}"#,
                ], ["identity": "{}"])
        case .attention:
            Self.file(
                [
                    "astecpp": #"{"dropout": 0.1}"#,
                    "rnn": #"{"cell_type": "GRU", "hidden_size": 8, "bidirectional": true, "output": "all"}"#,
                    "pooling": #"{"kind": "attention", "num_heads": 2}"#,
                ], ["identity": "{}"])
        case .inception:
            Self.file(
                [
                    "turn": #"{"tokens": 6}"#, "linear": #"{"output_size": 5}"#, "gelu": "{}", "batchnorm1d": "{}",
                    "dropout": #"{"p": 0.2}"#, "inception": #"{"filter_sizes": [2, 4], "num_filters": 4, "stride": 2}"#,
                    "conv1d": #"{"kernel_size": 4, "num_filters": 4, "stride": 2}"#, "flatten": "{}",
                ], ["residual": Self.residual])
        case .mlp: Self.file(["_identity": "{}"], ["mlp": #"{"hidden_size": [12, 16]}"#])
        case .identity: Self.file(["_identity": "{}"], ["batchnorm1d": "{}"])
        }
    }

    private static let residual = #"{"dropout": 0.2}"#

    private static func recurrent(_ cell: String, fine: KeyValuePairs<String, String>) -> String {
        file(["astecpp": #"{"dropout": 0.1}"#, "rnn": "{\(cell)}", "linear": #"{"output_size": 16}"#, "relu": "{}"], fine)
    }

    private static func file(_ coarse: KeyValuePairs<String, String>, _ fine: KeyValuePairs<String, String>) -> String {
        #"{"transform_coarse": \#(stack(coarse)), "transform_fine": \#(stack(fine))}"#
    }

    private static func stack(_ layers: KeyValuePairs<String, String>) -> String {
        let order = layers.map { "\"\($0.key)\"" }.joined(separator: ", ")
        return "{\"order\": [\(order)], \(layers.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", "))}"
    }

    /// The features that it reads in these checks.
    public var features: SampleData.Features {
        switch self {
        case .astec, .astecMean: .sparse
        case .rnn, .gru, .lstm, .xmlcnn, .transformer, .attention, .inception: .sequential
        case .mlp, .identity: .dense(20)
        }
    }
}
