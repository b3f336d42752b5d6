import Devices
import Support

/// Makes the layers of an arch file's `order`, one after the other.
struct EncoderBuilder {
    private(set) var layers: [any EncoderLayer] = []
    /// Each layer's floats of the parameters.
    private(set) var ranges: [Range<Int>] = []
    var layout = ParameterLayout()
    /// Of a transformer among the layers.
    private(set) var transformer: TransformerSettings?
    /// Tokens of a document that the layers so far read, at most: the first.
    private(set) var longest = Int.max
    /// What the layers so far give.
    private(set) var shape: LayerShape
    private let input: EncoderInput
    let device: any Device

    /// Kinds that read token embeddings, where they come first.
    private static let readersOfTokens = ["astec", "astecpp", "rnn", "xmlcnn", "transformer", "pooling", "turn"]
    private static let makers: [String: @Sendable (inout EncoderBuilder, LayerDescription, Place) throws -> Void] = [
        "astec": { try $0.astec($1, $2) }, "astecpp": { try $0.astecpp($1, $2) },
        "linear": { try $0.linear($1, $2) }, "relu": { try $0.relu($1, $2) }, "dropout": { try $0.dropout($1, $2) },
        "residual": { try $0.residual($1, $2) }, "mlp": { try $0.mlp($1, $2) },
        "batchnorm1d": { try $0.batchNorm($1, $2) }, "rnn": { try $0.rnn($1, $2) }, "xmlcnn": { try $0.xmlcnn($1, $2) },
        "transformer": { try $0.transformer($1, $2) }, "pooling": { try $0.pooling($1, $2) },
        "turn": { try $0.turn($1, $2) }, "inception": { try $0.inception($1, $2) }, "conv1d": { try $0.conv1d($1, $2) },
        "flatten": { try $0.flatten($1, $2) }, "gelu": { try $0.gelu($1, $2) },
        "identity": { _, _, _ in }, "_identity": { _, _, _ in },
    ]

    /// A layer's stack and its name within the encoder.
    struct Place {
        let stack: String, name: String
    }

    static func input(_ coarse: [LayerDescription]) -> EncoderInput {
        let first = coarse.first { $0.kind != "identity" }
        return first.map { readersOfTokens.contains($0.kind) } ?? false ? .tokens : .features
    }

    init(inputDims: Int, input: EncoderInput, on device: any Device) {
        self.input = input
        self.device = device
        shape = LayerShape(dims: inputDims, isSequence: input == .tokens)
    }

    /// Appends the layers of a stack, and checks that it ends with one vector a row.
    ///
    /// - Parameter part: `coarse` or `fine`.
    mutating func append(_ stack: [LayerDescription], part: String) throws {
        let key = "transform_\(part)"
        for (place, layer) in stack.enumerated() {
            guard let make = Self.makers[layer.kind] else { throw Self.unknown(layer, in: key) }
            try make(&self, layer, Place(stack: key, name: "\(part).\(place).\(layer.kind)"))
            guard shape.dims <= Self.widest, layout.count <= Self.mostParameters else { throw tooLarge(layer, in: key) }
        }
        guard shape.isSequence else { return }
        throw Failure(
            .usage, "\(key) ends with a sequence of vectors, not with one vector a document", at: "\(key).order",
            found: "[" + stack.map { "\"\($0.kind)\"" }.joined(separator: ", ") + "]",
            expected: "rnn, xmlcnn, pooling, flatten or astec among the layers")
    }

    /// Runs of layers: one for each layer with parameters, with those without that follow it, cut at x̂.
    ///
    /// - Parameter coarse: how many layers make x̂.
    func runs(coarse: Int) -> [LayerRun] {
        if layout.statistics > 0 || layers.isEmpty {
            return [LayerRun(layers: 0..<layers.count, floats: 0..<layout.count + layout.statistics)]
        }
        var starts = [0]
        for (number, range) in ranges.enumerated().dropFirst() {
            let floats = ranges[starts[starts.count - 1]].lowerBound..<range.lowerBound
            if number == coarse || (!range.isEmpty && !floats.isEmpty) { starts.append(number) }
        }
        return zip(starts, starts.dropFirst() + [layers.count]).map { first, end in
            LayerRun(layers: first..<end, floats: ranges[first].lowerBound..<ranges[end - 1].upperBound)
        }
    }

    /// So that products and sums of sizes are counted by an Int.
    private static let widest = 1 << 22, mostParameters = 1 << 56

    private func tooLarge(_ layer: LayerDescription, in key: String) -> Failure {
        Failure(
            .usage, "layers of more numbers than any memory holds", at: "\(key).order",
            found: "\(layer.kind), \(shape.dims) columns",
            expected: "at most \(Self.widest) columns", advice: "write smaller sizes")
    }

    private static func unknown(_ layer: LayerDescription, in key: String) -> Failure {
        let known = makers.keys.sorted()
        return Failure(
            .usage, "unknown layer \"\(layer.kind)\"", at: "\(key).order", found: layer.kind,
            expected: known.joined(separator: ", "),
            advice: suggestion(for: layer.kind, among: known).map { "did you mean \"\($0)\"?" } ?? "")
    }

    mutating func add(_ layer: any EncoderLayer) {
        layers.append(layer)
        ranges.append((ranges.last?.upperBound ?? 0)..<layout.count)
        shape = layer.output
    }

    func needSequence(_ layer: LayerDescription, _ place: Place) throws {
        if shape.hasTokens { return }
        throw Failure(
            .usage, "\(layer.kind) reads a sequence of tokens, and gets one vector a document", at: "\(place.stack).order",
            found: layer.kind, expected: "\(layer.kind) after astecpp, or as the first layer")
    }

    /// A recurrent network takes a step a token, one after the other, and a convolution a window a token: one document of very many
    /// would make its whole batch wait, or fill the memory.
    private mutating func limitTokens(_ arguments: LayerArguments) throws {
        longest = min(longest, try arguments.size("max_tokens", otherwise: 1024, most: Int(Int32.max)))
    }

    // MARK: Layers of tokens

    private static let embeddingArguments = [
        "vocabulary_dims", "embedding_dims", "input_size", "dropout", "reduction", "freeze", "padding_idx", "sparse", "device",
    ]

    private mutating func astec(_ layer: LayerDescription, _ place: Place) throws {
        let arguments = try LayerArguments(layer, in: place.stack, known: Self.embeddingArguments)
        try needSequence(layer, place)
        try arguments.checkInput(["embedding_dims", "input_size"], dims: shape.dims)
        let reduction = try arguments.choice("reduction", among: ["sum", "mean"], otherwise: "sum")
        add(ReductionLayer(input: shape, isMean: reduction == "mean"))
        try add(DropoutLayer(shape: shape, probability: arguments.probability("dropout", otherwise: 0.5), relu: true, &layout))
    }

    /// The token embeddings themselves, with dropout: no ReLU, which would take half of what a sequence layer reads.
    private mutating func astecpp(_ layer: LayerDescription, _ place: Place) throws {
        let arguments = try LayerArguments(layer, in: place.stack, known: Self.embeddingArguments)
        try needSequence(layer, place)
        try arguments.checkInput(["embedding_dims", "input_size"], dims: shape.dims)
        _ = try arguments.choice("reduction", among: ["None", "none"], otherwise: "none")
        try add(DropoutLayer(shape: shape, probability: arguments.probability("dropout", otherwise: 0.5), relu: false, &layout))
    }

    private mutating func rnn(_ layer: LayerDescription, _ place: Place) throws {
        let arguments = try LayerArguments(
            layer, in: place.stack,
            known: [
                "cell_type", "input_size", "hidden_size", "num_layers", "bidirectional", "dropout", "batch_first", "device",
                "max_tokens", "output",
            ])
        try needSequence(layer, place)
        try limitTokens(arguments)
        try arguments.checkInput(["input_size"], dims: shape.dims)
        let cells = RecurrentCell.allCases.map(\.rawValue)
        let isBidirectional = try arguments.flag("bidirectional", otherwise: false), directions = isBidirectional ? 2 : 1
        let results = RecurrentLayer.Result.allCases.map(\.rawValue)
        let result = RecurrentLayer.Result(rawValue: try arguments.choice("output", among: results, otherwise: "last")) ?? .last
        let sizes = RecurrentLayer.Sizes(
            cell: .init(rawValue: try arguments.choice("cell_type", among: cells, otherwise: "RNN")) ?? .rnn,
            hidden: try arguments.size("hidden_size", otherwise: result == .residual ? max(1, shape.dims / directions) : 256),
            layers: try arguments.size("num_layers", otherwise: 1, most: LayerArguments.mostLayers),
            isBidirectional: isBidirectional,
            dropout: try arguments.probability("dropout", otherwise: 0), result: result)
        guard result != .residual || sizes.hidden * directions == shape.dims else {
            throw arguments.wrong(
                "hidden_size", expected: "\(shape.dims) columns, as the vectors have to which a residual connection adds them",
                found: "\(sizes.hidden * directions) columns of \(isBidirectional ? "two directions" : "one direction")")
        }
        add(RecurrentLayer(place.name, input: shape, sizes, &layout, on: device))
    }

    /// Convolutions and pooling, then the bottleneck layer with ReLU and dropout; sizes as in the paper's experiments.
    private mutating func xmlcnn(_ layer: LayerDescription, _ place: Place) throws {
        let arguments = try LayerArguments(
            layer, in: place.stack,
            known: [
                "input_size", "embedding_dims", "filter_sizes", "num_filters", "pooling_units", "hidden_size", "dropout",
                "device", "max_tokens",
            ])
        try needSequence(layer, place)
        try limitTokens(arguments)
        try arguments.checkInput(["input_size", "embedding_dims"], dims: shape.dims)
        let sizes = try arguments.sizes("filter_sizes", otherwise: [2, 4, 8], most: LayerArguments.longestWindow)
        let filters = try arguments.size("num_filters", otherwise: 128)
        let chunks = try arguments.size("pooling_units", otherwise: 8, most: LayerArguments.longestWindow)
        let bottleneck = try arguments.size("hidden_size", otherwise: 512)
        let dropout = try arguments.probability("dropout", otherwise: 0.5)
        add(ConvolutionLayer(place.name, input: shape, sizes: sizes, filters: filters, chunks: chunks, &layout, on: device))
        add(LinearLayer("\(place.name).bottleneck", input: shape, outputDims: bottleneck, hasBias: true, &layout, on: device))
        add(DropoutLayer(shape: shape, probability: dropout, relu: true, clearsEmptyRows: true, &layout))
    }

    /// Embeddings of places, then the layers; words' embeddings come from the tokens.
    private mutating func transformer(_ layer: LayerDescription, _ place: Place) throws {
        let arguments = try LayerArguments(
            layer, in: place.stack,
            known: [
                "hidden_size", "num_layers", "num_heads", "intermediate_size", "positions", "dropout", "attention_dropout", "eps",
                "activation_checkpointing",
            ])
        try needSequence(layer, place)
        try arguments.checkInput(["hidden_size"], dims: shape.dims)
        let settings = TransformerSettings(
            hidden: shape.dims, layers: try arguments.size("num_layers", otherwise: 6, most: LayerArguments.mostLayers),
            heads: try arguments.divisor("num_heads", of: shape.dims, "hidden_size", otherwise: shape.dims % 12 == 0 ? 12 : 1),
            intermediate: try arguments.size("intermediate_size", otherwise: 4 * shape.dims),
            positions: try arguments.size("positions", otherwise: 512),
            dropout: try arguments.probability("dropout", otherwise: 0.1),
            attentionDropout: try arguments.probability("attention_dropout", otherwise: 0.1),
            eps: Float(try arguments.positive("eps", otherwise: 1e-12)))
        let isCheckpointed = try arguments.flag("activation_checkpointing", otherwise: false)
        let inner = isCheckpointed ? InnerMemory(on: device) : nil
        transformer = settings
        longest = min(longest, settings.positions)
        add(TransformerEmbeddingLayer("\(place.name).embeddings", settings, &layout))
        for number in 0..<settings.layers {
            layout.level += 1
            add(TransformerLayer("\(place.name).layers.\(number)", settings, sharing: inner, &layout, on: device))
        }
    }

    private mutating func pooling(_ layer: LayerDescription, _ place: Place) throws {
        let arguments = try LayerArguments(layer, in: place.stack, known: ["kind", "num_heads"])
        try needSequence(layer, place)
        switch try arguments.choice("kind", among: ["mean", "cls", "max", "attention"], otherwise: "mean") {
        case "cls": add(FirstVectorLayer(input: shape))
        case "max": add(MaxPoolingLayer(input: shape))
        case "attention":
            let heads = try arguments.divisor("num_heads", of: shape.dims, "the input's size", otherwise: 1)
            add(AttentionPoolingLayer(place.name, input: shape, heads: heads, &layout))
        default: add(ReductionLayer(input: shape, isMean: true))
        }
    }

    // MARK: Layers of vectors

    private mutating func gelu(_ layer: LayerDescription, _ place: Place) throws {
        _ = try LayerArguments(layer, in: place.stack, known: [])
        add(ActivationLayer(.gelu, shape: shape))
    }

    private mutating func batchNorm(_ layer: LayerDescription, _ place: Place) throws {
        let arguments = try LayerArguments(layer, in: place.stack, known: ["num_features", "eps", "momentum", "device"])
        try arguments.checkInput(["num_features"], dims: shape.dims)
        let momentum = try arguments.positive("momentum", otherwise: 0.1), eps = try arguments.positive("eps", otherwise: 1e-5)
        add(BatchNormLayer(place.name, shape: shape, momentum: momentum, eps: eps, &layout))
    }

    private mutating func linear(_ layer: LayerDescription, _ place: Place) throws {
        let arguments = try LayerArguments(
            layer, in: place.stack, known: ["in_features", "out_features", "input_size", "output_size", "bias", "device"])
        try arguments.checkInput(["in_features", "input_size"], dims: shape.dims)
        let dims = try arguments.size("out_features", "output_size", otherwise: shape.dims)
        let hasBias = try arguments.flag("bias", otherwise: true)
        add(LinearLayer(place.name, input: shape, outputDims: dims, hasBias: hasBias, &layout, on: device))
    }

    private mutating func relu(_ layer: LayerDescription, _ place: Place) throws {
        _ = try LayerArguments(layer, in: place.stack, known: ["inplace"])
        add(ActivationLayer(.relu, shape: shape))
    }

    private mutating func dropout(_ layer: LayerDescription, _ place: Place) throws {
        let arguments = try LayerArguments(layer, in: place.stack, known: ["p", "inplace"])
        try add(DropoutLayer(shape: shape, probability: arguments.probability("p", otherwise: 0.5), relu: false, &layout))
    }

    private mutating func residual(_ layer: LayerDescription, _ place: Place) throws {
        let arguments = try LayerArguments(
            layer, in: place.stack, known: ["input_size", "output_size", "dropout", "init", "device"])
        try arguments.checkInput(["input_size"], dims: shape.dims)
        let dims = try arguments.size("output_size", otherwise: shape.dims)
        let start = try arguments.choice("init", among: ["eye", "random"], otherwise: "eye")
        let dropout = try arguments.probability("dropout", otherwise: 0.5)
        add(
            ResidualLayer(
                place.name, input: shape, outputDims: dims, dropout: dropout, startsAtRandom: start == "random", &layout,
                on: device))
    }

    /// Linear layers with a non-linearity between each two, none after the last.
    private mutating func mlp(_ layer: LayerDescription, _ place: Place) throws {
        let arguments = try LayerArguments(layer, in: place.stack, known: ["input_size", "hidden_size", "nnl", "device"])
        try arguments.checkInput(["input_size"], dims: shape.dims)
        let sizes = try arguments.sizes("hidden_size", otherwise: [shape.dims])
        let names = ActivationFunction.allCases.map(\.rawValue)
        let function = try arguments.choice("nnl", among: names, otherwise: "relu")
        for (number, dims) in sizes.enumerated() {
            if number > 0 { add(ActivationLayer(.init(rawValue: function) ?? .relu, shape: shape)) }
            add(LinearLayer("\(place.name).\(number)", input: shape, outputDims: dims, hasBias: true, &layout, on: device))
        }
    }
}
