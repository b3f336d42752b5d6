import DeepXMLModel
import Support
import Testing

/// What an arch file may not say, and that the error names the place.
@Suite struct EncoderRefusalTests {
    struct Refusal: Sendable {
        let coarse: [LayerDescription]
        let place: String, mentions: String
    }

    static let refusals: [Refusal] = [
        Refusal(coarse: [LayerDescription(kind: "astek")], place: "transform_coarse.order", mentions: "did you mean \"astec\"?"),
        Refusal(coarse: [LayerDescription(kind: "astecpp")], place: "transform_coarse.order", mentions: "sequence"),
        Refusal(
            coarse: [LayerDescription(kind: "_identity"), LayerDescription(kind: "rnn")], place: "transform_coarse.order",
            mentions: "rnn reads a sequence of tokens"),
        Refusal(
            coarse: [LayerDescription(kind: "rnn", numbers: ["hiden_size": 3])], place: "transform_coarse.rnn",
            mentions: "did you mean \"hidden_size\"?"),
        Refusal(
            coarse: [LayerDescription(kind: "rnn", numbers: ["input_size": 301])], place: "transform_coarse.rnn.input_size",
            mentions: "300"),
        Refusal(
            coarse: [LayerDescription(kind: "rnn", texts: ["cell_type": "GRUU"])], place: "transform_coarse.rnn.cell_type",
            mentions: "RNN, GRU, LSTM"),
        Refusal(
            coarse: [LayerDescription(kind: "rnn", numbers: ["num_layers": 0])], place: "transform_coarse.rnn.num_layers",
            mentions: "whole number above 0"),
        Refusal(
            coarse: [LayerDescription(kind: "xmlcnn", texts: ["filter_sizes": "[2, x]"])],
            place: "transform_coarse.xmlcnn.filter_sizes", mentions: "[512, 300]"),
        Refusal(
            coarse: [LayerDescription(kind: "pooling", texts: ["kind": "maximum"])], place: "transform_coarse.pooling.kind",
            mentions: "mean, cls, max, attention"),
        Refusal(
            coarse: [LayerDescription(kind: "pooling", numbers: ["num_heads": 7], texts: ["kind": "attention"])],
            place: "transform_coarse.pooling.num_heads", mentions: "a divisor of the input's size, which is 300"),
        Refusal(
            coarse: [LayerDescription(kind: "rnn", texts: ["output": "every"])], place: "transform_coarse.rnn.output",
            mentions: "last, all, context"),
        Refusal(
            coarse: [LayerDescription(kind: "astecpp"), LayerDescription(kind: "flatten")], place: "transform_coarse.order",
            mentions: "turn before flatten"),
        Refusal(
            coarse: [LayerDescription(kind: "turn"), LayerDescription(kind: "rnn")], place: "transform_coarse.order",
            mentions: "rnn reads a sequence of tokens"),
        Refusal(
            coarse: [LayerDescription(kind: "turn")], place: "transform_coarse.order", mentions: "flatten"),
        Refusal(
            coarse: [LayerDescription(kind: "turn"), LayerDescription(kind: "inception", texts: ["filter_sizes": "[2, 8]"])],
            place: "transform_coarse.inception", mentions: "windows from the stride to 300"),
        Refusal(
            coarse: [LayerDescription(kind: "turn"), LayerDescription(kind: "conv1d", numbers: ["kernel_size": 301])],
            place: "transform_coarse.conv1d", mentions: "windows up to 300"),
        Refusal(
            coarse: [LayerDescription(kind: "astec", numbers: ["dropout": 1])], place: "transform_coarse.astec.dropout",
            mentions: "drop probability"),
        Refusal(
            coarse: [LayerDescription(kind: "rnn", numbers: ["hidden_size": 4e9])], place: "transform_coarse.rnn.hidden_size",
            mentions: "up to 1048576"),
        Refusal(
            coarse: [LayerDescription(kind: "rnn", numbers: ["max_tokens": 0])], place: "transform_coarse.rnn.max_tokens",
            mentions: "above 0"),
        Refusal(
            coarse: [LayerDescription(kind: "rnn", numbers: ["hidden_size": 299], texts: ["output": "residual"])],
            place: "transform_coarse.rnn.hidden_size", mentions: "299 columns of one direction"),
        Refusal(
            coarse: [LayerDescription(kind: "linear", numbers: ["bias": 2])], place: "transform_coarse.linear.bias",
            mentions: "true or false"),
        Refusal(
            coarse: [LayerDescription(kind: "batchnorm1d", numbers: ["eps": 0])], place: "transform_coarse.batchnorm1d.eps",
            mentions: "above 0"),
    ]

    @Test("layers that would wait for one very long document read its first tokens") func longest() throws {
        func longest(_ coarse: [LayerDescription]) throws -> Int {
            try EncoderStack(coarse: coarse, fine: [], inputDims: 12, streams: RandomStreams(seed: 1, module: 1), on: cpu).longest
        }
        #expect(try longest([LayerDescription(kind: "rnn")]) == 1024 && longest([LayerDescription(kind: "xmlcnn")]) == 1024)
        #expect(try longest([LayerDescription(kind: "rnn", numbers: ["max_tokens": 7])]) == 7)
        #expect(try longest([LayerDescription(kind: "xmlcnn", numbers: ["max_tokens": 100_000])]) == 100_000)
        #expect(try longest([LayerDescription(kind: "astec")]) == .max)
        let transformer = LayerDescription(kind: "transformer", numbers: ["positions": 40, "num_layers": 1])
        #expect(try longest([transformer, LayerDescription(kind: "pooling")]) == 40)
        #expect(try longest([transformer, LayerDescription(kind: "rnn", numbers: ["max_tokens": 9])]) == 9)
    }

    @Test(arguments: refusals.indices) func names(_ index: Int) throws {
        let refusal = Self.refusals[index]
        let failure = #expect(throws: Failure.self) {
            _ = try EncoderStack(
                coarse: refusal.coarse, fine: [], inputDims: 300, streams: RandomStreams(seed: 1, module: 1), on: cpu)
        }
        #expect(failure?.code == .usage)
        #expect(failure?.place == refusal.place)
        #expect(failure?.description.contains(refusal.mentions) == true, "\(failure?.description ?? "")")
    }
}
