import Formats
import Foundation
import Support
import Testing
import Tools

@Suite struct ConversionTests {
    /// A folder of one test.
    private final class Folder {
        let path = NSTemporaryDirectory() + "convert-tests-" + UUID().uuidString
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
        func file(_ name: String) -> String { "\(path)/\(name)" }
        func text(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }
        func write(_ name: String, _ text: String) throws {
            try text.write(toFile: file(name), atomically: true, encoding: .utf8)
        }
        var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
    }

    private let folder: Folder
    init() throws { folder = try Folder() }

    private static let oneFile = "5 6 4\n3,0 1:0.5 5:2\n 0:1.25\n2\n \n1 2:0.1\n"

    @Test("no feature of a row without labels is lost, both ways") func oneFileToTwoAndBack() throws {
        try folder.write("train.txt", Self.oneFile)
        var conversion = Conversion(from: folder.file("train.txt"), to: folder.file("x.txt"), toLabels: folder.file("y.txt"))
        #expect(try conversion.run().count == 2)
        #expect(try folder.text("x.txt") == "5 6\n1:0.5 5:2.0\n0:1.25\n\n\n2:0.1\n")
        #expect(try folder.text("y.txt") == "5 4\n0:1 3:1\n\n2:1\n\n1:1\n")
        conversion = Conversion(
            from: folder.file("x.txt"), fromLabels: folder.file("y.txt"), to: folder.file("again.txt"))
        _ = try conversion.run()
        #expect(try folder.text("again.txt") == "5 6 4\n0,3 1:0.5 5:2.0\n 0:1.25\n2 \n \n1 2:0.1\n")
        #expect(folder.names == ["again.txt", "train.txt", "x.txt", "y.txt"])
    }

    @Test("through every format to the same text") func roundTrips() throws {
        let text = "3 4\n0:0.1 3:-2.5\n\n1:1e-30\n"
        try folder.write("x.txt", text)
        var last = "x.txt"
        for (at, format) in ["npz", "pkl", "npy", "pkl-dense", "xc.gz", "xc"].enumerated() {
            _ = try Conversion(from: folder.file(last), to: folder.file("step\(at)"), format: format).run()
            last = "step\(at)"
            let found = try MatrixFile.format(path: folder.file(last))
            #expect(found.name == (format == "pkl-dense" ? "pkl" : format))
        }
        #expect(try folder.text(last) == text)
    }

    @Test("sequences keep order and repeats") func sequences() throws {
        try folder.write("x.txt", "2 4\n3:1 0:1 3:1\n2:1\n")
        for (from, to) in [("x.txt", "x.npz"), ("x.npz", "x.pkl"), ("x.pkl", "y.txt")] {
            _ = try Conversion(from: folder.file(from), to: folder.file(to), areSequences: true).run()
        }
        #expect(try folder.text("y.txt") == "2 4\n3:1.0 0:1.0 3:1.0\n2:1.0\n")
        #expect(throws: Failure.self) {
            try Conversion(from: folder.file("x.npz"), to: folder.file("z.npz")).run()
        }
    }

    @Test("wrong use is said before anything is written") func refusals() throws {
        try folder.write("train.txt", Self.oneFile)
        try folder.write("x.txt", "2 3\n0:1\n1:1\n")
        try folder.write("y.txt", "3 3\n0:1\n1:1\n\n")
        let before = folder.names
        func problem(_ from: String, _ fromLabels: String?, _ to: String, _ toLabels: String?, _ format: String? = nil) throws
            -> String
        {
            let conversion = Conversion(
                from: folder.file(from), fromLabels: fromLabels.map(folder.file), to: folder.file(to),
                toLabels: toLabels.map(folder.file), format: format)
            let failure = try #require(throws: Failure.self) { try conversion.run() }
            #expect(failure.code == .usage && !failure.advice.isEmpty && folder.names == before)
            return failure.problem
        }
        #expect(try problem("train.txt", nil, "z.npz", nil).contains("no place to go"))
        #expect(try problem("train.txt", "y.txt", "z.npz", "w.npz").contains("holds labels itself"))
        #expect(try problem("x.txt", nil, "z.npz", "w.npz").contains("no labels to write"))
        #expect(try problem("x.txt", nil, "z.txt", nil, "one-file").contains("needs labels"))
        #expect(try problem("x.txt", "y.txt", "z.txt", nil).contains("different numbers of rows"))
        #expect(try problem("x.txt", nil, "z.bin", nil).contains("names no format"))
        #expect(try problem("x.txt", nil, "z.bin", nil, "nzp").contains("unknown format"))
        #expect(try problem("none.txt", nil, "z.npz", nil).contains("not found"))
    }
}
