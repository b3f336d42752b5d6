import Support

/// Layers of a fixed number of vectors a document: what InceptionXML is made of.
extension EncoderBuilder {
    mutating func turn(_ layer: LayerDescription, _ place: Place) throws {
        let arguments = try LayerArguments(layer, in: place.stack, known: ["tokens"])
        try needSequence(layer, place)
        add(TurnLayer(input: shape, tokens: try arguments.size("tokens", otherwise: 32)))
    }

    /// Several sizes, around the ends.
    mutating func inception(_ layer: LayerDescription, _ place: Place) throws {
        let arguments = try LayerArguments(layer, in: place.stack, known: ["filter_sizes", "num_filters", "stride"])
        let sizes = StridedConvolutionLayer.Sizes(
            sizes: try arguments.sizes("filter_sizes", otherwise: [4, 8, 16], most: LayerArguments.longestWindow),
            filters: try arguments.size("num_filters", otherwise: 32), stride: try arguments.size("stride", otherwise: 4),
            isCircular: true)
        try convolve(layer, place, sizes)
    }

    /// One size, within the row.
    mutating func conv1d(_ layer: LayerDescription, _ place: Place) throws {
        let arguments = try LayerArguments(layer, in: place.stack, known: ["kernel_size", "num_filters", "stride"])
        let sizes = StridedConvolutionLayer.Sizes(
            sizes: [try arguments.size("kernel_size", otherwise: 16, most: LayerArguments.longestWindow)],
            filters: try arguments.size("num_filters", otherwise: 32), stride: try arguments.size("stride", otherwise: 4),
            isCircular: false)
        try convolve(layer, place, sizes)
    }

    private mutating func convolve(
        _ layer: LayerDescription, _ place: Place, _ sizes: StridedConvolutionLayer.Sizes
    ) throws {
        let length = try needLength(layer, place), largest = sizes.sizes.max() ?? 1, smallest = sizes.sizes.min() ?? 1
        guard sizes.windows(length) > 0, largest <= length, !sizes.isCircular || smallest >= sizes.stride else {
            throw Failure(
                .usage, "the windows of a convolution do not fit its input", at: "\(place.stack).\(layer.kind)",
                found: "windows of \(sizes.sizes.map(String.init).joined(separator: ", ")), stride \(sizes.stride)",
                expected: sizes.isCircular
                    ? "windows from the stride to \(length), and a stride up to \(length)" : "windows up to \(length)")
        }
        add(StridedConvolutionLayer(place.name, input: shape, sizes, &layout, on: device))
    }

    mutating func flatten(_ layer: LayerDescription, _ place: Place) throws {
        _ = try LayerArguments(layer, in: place.stack, known: [])
        _ = try needLength(layer, place)
        add(FlattenLayer(input: shape))
    }

    private func needLength(_ layer: LayerDescription, _ place: Place) throws -> Int {
        if let length = shape.length { return length }
        throw Failure(
            .usage, "\(layer.kind) reads a fixed number of vectors a document", at: "\(place.stack).order",
            found: shape.isSequence ? "a vector a token" : "one vector a document", expected: "turn before \(layer.kind)")
    }
}
