import Config
import Formats
import Foundation
import Learners
import Testing

/// A section of a framework's own, as one in Learners would be.
private struct LinearSection: FrameworkSection {
    enum Norm: String, CaseIterable, Sendable { case l1 = "L1", l2 = "L2" }
    var cost = 1.0
    var iterations = 100
    var norm = Norm.l2
    var normalize = true
    var folder = ""

    static let section = ConfigSection(rawValue: "linear")
    static let keys: [ConfigKey<LinearSection>] = [
        .number("C", \.cost, above: 0, to: 1000).meaning("weight of the loss against the norm"),
        .integer("iterations", \.iterations, 1...1000), .choice("norm", \.norm), .flag("normalize", \.normalize),
        .text("folder", \.folder, of: "a folder", mayBeEmpty: true, reach: .report),
    ]
}

@Suite("Sections of a framework's own")
struct FrameworkSectionTests {
    private static let schema = ConfigSchema.own(LinearSection.self)

    private func parse(_ text: String) throws -> Config {
        try Config.parse(data: text.utf8, name: "my.json", schema: Self.schema)
    }

    @Test("defaults, the file, section global, --set")
    func values() throws {
        #expect(try parse("{}")[LinearSection.self] == LinearSection())
        var config = try parse(#"{"global": {"iterations": 7, "top_k": 9, "normalize": 0}, "linear": {"C": 0.5, "norm": "L1"}}"#)
        var expected = LinearSection()
        (expected.cost, expected.iterations, expected.norm, expected.normalize) = (0.5, 7, .l1, false)
        #expect(config[LinearSection.self] == expected && config.global.topK == 9)
        try config.set("linear.iterations=8")
        #expect(config[LinearSection.self].iterations == 8)
    }

    @Test("wrong keys, values and sections are refused as everywhere")
    func refused() throws {
        let range = failure { try parse("{\"linear\":\n{\"C\": 0}}") }
        #expect(range?.place == "my.json:2" && range?.found == "0")
        #expect(range?.expected == "a number above 0 and up to 1000 (weight of the loss against the norm)")
        #expect(failure { try parse(#"{"linear": {"norm": "L3"}}"#) }?.expected == "one of \"L1\", \"L2\"")
        #expect(failure { try parse(#"{"global": {"iterations": 0}}"#) }?.problem.hasPrefix("global.iterations") == true)
        #expect(failure { try parse(#"{"linear": {"iteration": 1}}"#) }?.advice == "did you mean \"iterations\"?")
        #expect(failure { try parse(#"{"extreme": {"num_epochs": 1}}"#) }?.expected == "global, linear")
        #expect(failure { try parse(#"{"global": {"num_epochs": 1}}"#) }?.problem.hasPrefix("unknown key") == true)
        #expect(failure { try Config.parse(data: #"{"linear": {}}"#.utf8, name: "x") }?.problem == "unknown section \"linear\"")
        var config = try parse("{}")
        #expect(failure { try config.set("linear.C=-1") }?.code == .usage)
    }

    @Test("canonical JSON and fingerprint hold the section, and no other's")
    func written() throws {
        let config = try parse(#"{"linear": {"C": 0.25}}"#), value = try JSONValue.parse(Array(config.json.utf8), name: "x")
        #expect(value.members?.map(\.name) == ["global", "linear"] && value["linear"]?["C"] == .number(0.25))
        #expect(try parse(config.json) == config && parse(config.json).json == config.json)
        var other = config
        try other.set("linear.folder=elsewhere")
        #expect(other.fingerprint == config.fingerprint && other != config)
        try other.set("linear.C=0.75")
        #expect(other.fingerprint != config.fingerprint)
        #expect(other.differences(from: config) == ["linear.C is 0.75, and was 0.25"])
    }
}

/// Configs and fingerprints in `model.json` of learners that commit eb099d4 trained: their checkpoints must go on.
@Suite("Fingerprints of earlier versions")
struct EarlierFingerprintTests {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("oracles/fingerprints.json")

    @Test("are those of the same configs now", arguments: ["DeepXML", "DeepXML-OVA", "DeepXML-ANNS"])
    func unchanged(framework: String) throws {
        let stored = try JSONValue.parse(Array(Data(contentsOf: Self.file)), name: "fingerprints.json")
        guard case .array(let models) = stored, let model = models.first(where: { $0["framework"]?.string == framework }) else {
            Issue.record("no model of \(framework)")
            return
        }
        let folder = try ScratchFolder()
        try folder.write("1 1\n", to: "data/D/trn_X_Y.txt")
        var arguments = TrainArguments()
        (arguments.framework, arguments.work, arguments.dataset) = (framework, folder.path, "D")
        arguments.config = try folder.write(try #require(model["config"]).text, to: "config.json")
        let options = try TrainOptions.resolve(arguments, workingDirectory: folder.path, executable: "/usr/bin/deepxml-dist")
        #expect(options.learnerFingerprint == model["fingerprint"]?.string)
    }
}
