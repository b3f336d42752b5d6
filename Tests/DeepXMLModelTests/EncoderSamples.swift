import DeepXMLModel

/// Architectures that together have every layer, each with dropout where it can have one.
enum EncoderSamples {
    struct Sample: Sendable {
        let name: String
        let coarse: [LayerDescription], fine: [LayerDescription]

        func stack(inputDims: Int = 6, seed: UInt64 = 3) throws -> EncoderStack {
            try EncoderStack(
                coarse: coarse, fine: fine, inputDims: inputDims, streams: RandomStreams(seed: seed, module: 1), on: cpu)
        }
    }

    private static func rnn(
        _ cell: String, layers: Int, bidirectional: Bool, dropout: Double, output: String = "last"
    ) -> LayerDescription {
        LayerDescription(
            kind: "rnn",
            numbers: [
                "hidden_size": 5, "num_layers": Double(layers), "bidirectional": bidirectional ? 1 : 0, "dropout": dropout,
            ],
            texts: ["cell_type": cell, "output": output])
    }

    static let xmlcnn = LayerDescription(
        kind: "xmlcnn", numbers: ["num_filters": 3, "pooling_units": 2, "hidden_size": 7, "dropout": 0.25],
        texts: ["filter_sizes": "[1, 2, 4]"])

    private static func transformer(layers: Int, heads: Int) -> LayerDescription {
        LayerDescription(
            kind: "transformer",
            numbers: [
                "num_layers": Double(layers), "num_heads": Double(heads), "intermediate_size": 7, "positions": 40,
                "dropout": 0.2, "attention_dropout": 0.25,
            ])
    }

    static let sequences: [Sample] = [
        Sample(
            name: "astec, residual", coarse: [LayerDescription(kind: "astec", numbers: ["dropout": 0.5])],
            fine: [LayerDescription(kind: "residual", numbers: ["dropout": 0.5, "output_size": 8])]),
        Sample(
            name: "astec (mean), linear, gelu",
            coarse: [LayerDescription(kind: "astec", numbers: ["dropout": 0.3], texts: ["reduction": "mean"])],
            fine: [LayerDescription(kind: "mlp", numbers: ["hidden_size": 4], texts: ["nnl": "gelu"])]),
        Sample(
            name: "RNN", coarse: [rnn("RNN", layers: 1, bidirectional: false, dropout: 0)],
            fine: [LayerDescription(kind: "identity")]),
        Sample(
            name: "GRU",
            coarse: [
                LayerDescription(kind: "astecpp", numbers: ["dropout": 0.2]),
                rnn("GRU", layers: 2, bidirectional: true, dropout: 0.3),
                LayerDescription(kind: "dropout", numbers: ["p": 0.3]),
            ], fine: [LayerDescription(kind: "residual", numbers: ["dropout": 0.2])]),
        Sample(
            name: "LSTM",
            coarse: [
                LayerDescription(kind: "astecpp", numbers: ["dropout": 0.2]),
                rnn("LSTM", layers: 2, bidirectional: true, dropout: 0.3),
            ], fine: [LayerDescription(kind: "linear", numbers: ["output_size": 4])]),
        Sample(
            name: "XML-CNN", coarse: [LayerDescription(kind: "astecpp", numbers: ["dropout": 0.2]), xmlcnn],
            fine: [LayerDescription(kind: "_identity")]),
        Sample(
            name: "transformer", coarse: [transformer(layers: 2, heads: 3), LayerDescription(kind: "pooling")],
            fine: [LayerDescription(kind: "linear", numbers: ["output_size": 4])]),
        Sample(
            name: "transformer, CLS",
            coarse: [
                LayerDescription(kind: "astecpp", numbers: ["dropout": 0.2]), transformer(layers: 1, heads: 2),
                LayerDescription(kind: "pooling", texts: ["kind": "cls"]), LayerDescription(kind: "dropout", numbers: ["p": 0.3]),
            ], fine: [LayerDescription(kind: "identity")]),
        Sample(
            name: "GRU, attention",
            coarse: [
                LayerDescription(kind: "astecpp", numbers: ["dropout": 0.2]),
                rnn("GRU", layers: 2, bidirectional: true, dropout: 0.3, output: "all"),
                LayerDescription(kind: "pooling", numbers: ["num_heads": 2], texts: ["kind": "attention"]),
            ], fine: [LayerDescription(kind: "linear", numbers: ["output_size": 4])]),
        Sample(
            name: "transformer, attention",
            coarse: [transformer(layers: 1, heads: 2), LayerDescription(kind: "pooling", texts: ["kind": "attention"])],
            fine: [LayerDescription(kind: "identity")]),
        Sample(
            name: "LSTM, maximum",
            coarse: [
                rnn("LSTM", layers: 2, bidirectional: false, dropout: 0.2, output: "context"),
                LayerDescription(kind: "mlp", numbers: ["hidden_size": 4]),
                LayerDescription(kind: "pooling", texts: ["kind": "max"]),
            ], fine: [LayerDescription(kind: "identity")]),
        Sample(
            name: "GRU, residual",
            coarse: [
                LayerDescription(kind: "astecpp", numbers: ["dropout": 0.2]),
                LayerDescription(kind: "mlp", texts: ["hidden_size": "[5]", "nnl": "tanh"]),
                rnn("GRU", layers: 2, bidirectional: false, dropout: 0.2, output: "residual"),
                LayerDescription(kind: "pooling", texts: ["kind": "attention"]),
            ], fine: [LayerDescription(kind: "identity")]),
        Sample(
            name: "inception",
            coarse: [
                LayerDescription(kind: "astecpp", numbers: ["dropout": 0.2]),
                LayerDescription(kind: "turn", numbers: ["tokens": 4]),
                LayerDescription(kind: "linear", numbers: ["output_size": 3]), LayerDescription(kind: "gelu"),
                LayerDescription(kind: "dropout", numbers: ["p": 0.25]),
                LayerDescription(kind: "inception", numbers: ["num_filters": 2, "stride": 2], texts: ["filter_sizes": "[2, 4]"]),
                LayerDescription(kind: "conv1d", numbers: ["num_filters": 3, "stride": 1, "kernel_size": 2]),
                LayerDescription(kind: "flatten"),
            ], fine: [LayerDescription(kind: "residual", numbers: ["dropout": 0.2])]),
        Sample(
            name: "an mlp a token, then a GRU",
            coarse: [
                LayerDescription(kind: "astecpp", numbers: ["dropout": 0]),
                LayerDescription(kind: "mlp", texts: ["hidden_size": "7,5", "nnl": "tanh"]),
                LayerDescription(kind: "dropout", numbers: ["p": 0.2]), rnn("GRU", layers: 1, bidirectional: false, dropout: 0),
            ], fine: [LayerDescription(kind: "relu")]),
    ]

    static let features: [Sample] = [
        Sample(
            name: "dense features, mlp, residual",
            coarse: [
                LayerDescription(kind: "_identity"),
                LayerDescription(kind: "mlp", texts: ["hidden_size": "[9, 5]", "nnl": "sigmoid"]),
            ], fine: [LayerDescription(kind: "residual", numbers: ["output_size": 3, "dropout": 0.3], texts: ["init": "random"])])
    ]

    static let normalised = Sample(
        name: "batch norm",
        coarse: [
            LayerDescription(kind: "linear", numbers: ["out_features": 5, "bias": 0]), LayerDescription(kind: "batchnorm1d"),
        ],
        fine: [
            LayerDescription(kind: "dropout", numbers: ["p": 0.3]),
            LayerDescription(kind: "linear", numbers: ["out_features": 3]),
        ])

    static let lengths = [3, 1, 0, 6, 2]
    static let ids: [Int32] = [4, 90, 7, 2, 33]
}
