import Config
import DeepXMLModel
import Devices
import Foundation
import Support
import Testing
import Training

/// The arch files that come with the program make encoders, not only layers that can be read.
@Suite struct ShippedArchTests {
    private static let folder = #filePath.components(separatedBy: "/Tests/")[0] + "/configs/arch"

    private static let names = [
        "Astec", "AstecMean", "AstecPlain", "GRU", "LSTM", "RNN", "XMLCNN", "Transformer", "MiniLM", "InceptionXML",
        "GRUAttention", "GRUResidual", "RCNN", "MLP", "Identity",
    ]

    @Test(arguments: names)
    func makesAnEncoder(_ name: String) throws {
        let arch = try Arch.load(path: "\(Self.folder)/\(name).json", arguments: Config())
        let isDense = ["MLP", "Identity"].contains(name)
        let stack = try EncoderStack(
            coarse: arch.coarse.map(LayerDescription.init), fine: arch.fine.map(LayerDescription.init),
            inputDims: isDense ? 77 : 300, streams: RandomStreams(seed: 1, module: 1),
            on: CPUDevice(team: ThreadTeam(size: 1)))
        #expect(stack.input == (isDense ? .features : .tokens))
        #expect(stack.outputDims == ["Identity": 77, "InceptionXML": 480][name, default: 300])
    }

    @Test func noneIsLeftOut() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder).filter { $0.hasSuffix(".json") }
        #expect(Set(files) == Set(Self.names.map { "\($0).json" }))
    }
}
