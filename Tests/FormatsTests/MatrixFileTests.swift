import Formats
import Foundation
import Support
import TestSupport
import Testing

/// One file in every form; that numpy, scipy and pickle agree is checked by Tests/mpi/formats.sh.
@Suite struct MatrixFileTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private static let matrix = CSRMatrix(cols: 4, rows: [[(0, 0.5), (3, -2)], [], [(1, 3), (3, 1e-3)]])

    private func expect(
        _ found: CSRMatrix, _ starts: [Int64], _ indices: [Int32], _ values: [Float]?, cols: Int = 4,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(found.rows == starts.count - 1 && found.cols == cols, sourceLocation: sourceLocation)
        #expect(found.starts.array == starts && found.indices.array == indices, sourceLocation: sourceLocation)
        #expect(found.values?.array == values, sourceLocation: sourceLocation)
    }

    private func read(_ path: String, _ kind: MatrixFile.Kind) throws -> CSRMatrix {
        try MatrixFile.read(path: path, kind: kind, threads: 2)
    }

    private func failure(_ path: String, _ kind: MatrixFile.Kind = .values) throws -> Failure {
        let failure = try #require(throws: Failure.self) { try MatrixFile.read(path: path, kind: kind, threads: 2) }
        #expect(failure.code == .usage && failure.place.hasPrefix(path) && !failure.found.isEmpty && !failure.expected.isEmpty)
        return failure
    }

    @Test("shapes are those of the matrices") func shapes() throws {
        for format in MatrixFormat.names.compactMap(MatrixFormat.init(name:)) where format.layout != .oneFile {
            let path = folder.file("m.\(format.name)")
            try MatrixFile.write(Self.matrix, to: path, format: format)
            let shape = try MatrixFile.shape(path: path, kind: .values)
            #expect(shape == (3, 4), "\(format.name)")
        }
        let path = folder.file("old.txt")
        try Data("2 9 5\n1,2 3:1\n4 8:1\n".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try MatrixFile.shape(path: path, kind: .labels) == (2, 5))
        #expect(try MatrixFile.shape(path: path, kind: .features) == (2, 9))
        try NPY.write(DenseMatrix(rows: 6, cols: 1).fullRows(), path: path)
        #expect(try MatrixFile.shape(path: path, kind: .labels) == (6, 1))
        try Data("1:1\n".utf8).write(to: URL(fileURLWithPath: path))
        let failure = try #require(throws: Failure.self) { try MatrixFile.shape(path: path, kind: .labels) }
        #expect(failure.problem == "no header")
    }

    @Test("as Python pickled them", arguments: [2, 3, 4, 5]) func pickles(_ version: Int) throws {
        expect(try read(oraclePath("csr_p\(version).pkl"), .values), [0, 2, 2, 4], [0, 3, 1, 3], [0.5, -2, 3, 1e-3])
        expect(try read(oraclePath("array_p\(version).pkl"), .features), [0, 2, 2, 4], [0, 3, 1, 3], [0.5, -2, 3, 1e-3])
        let dense = try read(oraclePath("array_p\(version).pkl"), .dense)
        #expect(dense.values?.array == [0.5, 0, 0, -2, 0, 0, 0, 0, 0, 3, 0, 1e-3] && dense.starts.array == [0, 4, 8, 12])
        #expect(try failure(oraclePath("evil_p\(version).pkl")).problem.contains(".system` is refused"))
        #expect(!FileManager.default.fileExists(atPath: "/tmp/deepxml-was-run"))
    }

    @Test("as each kind wants it, from each form", arguments: ["npz", "npy", "pkl", "pkl-dense"]) func kinds(_ name: String)
        throws
    {
        let format = try #require(MatrixFormat(name: name))
        let path = folder.file("m")
        try MatrixFile.write(Self.matrix, to: path, format: format)
        #expect(try MatrixFile.format(path: path).layout == (name == "pkl-dense" ? .pickle : format.layout))
        for kind in [MatrixFile.Kind.features, .values] {
            expect(try read(path, kind), [0, 2, 2, 4], [0, 3, 1, 3], [0.5, -2, 3, 1e-3])
        }
        #expect(try read(path, .dense).values?.array == [0.5, 0, 0, -2, 0, 0, 0, 0, 0, 3, 0, 1e-3])
        #expect(try failure(path, .labels).problem == "negative value")
        #expect(try failure(path, .sequences).advice.contains("deepxml-dist prepare"))
        try MatrixFile.write(CSRMatrix(cols: 4, rows: [[(1, 2), (2, 0)], [(0, 1)]]), to: path, format: format)
        expect(try read(path, .labels), [0, 1, 2], [1, 0], nil)
    }

    @Test("text and packed text, chunk by chunk", arguments: [1, 5, 7, 9, 13, 64, 1 << 20]) func packedText(_ chunkBytes: Int)
        throws
    {
        let labels = CSRMatrix(cols: 3, rows: [[(0, 1), (2, 1)], [], []], binary: true)
        for isPacked in [false, true] {
            func read(_ kind: MatrixFile.Kind) throws -> CSRMatrix {
                try MatrixFile.read(path: folder.file("m"), kind: kind, threads: 2, chunkBytes: chunkBytes)
            }
            try XCText.write(folder.file("m"), matrix: Self.matrix, isPacked: isPacked)
            #expect(try MatrixFile.format(path: folder.file("m")) == MatrixFormat(.xcText, isPacked: isPacked))
            expect(try read(.values), [0, 2, 2, 4], [0, 3, 1, 3], [0.5, -2, 3, 1e-3])
            #expect(try read(.dense).values?.array == [0.5, 0, 0, -2, 0, 0, 0, 0, 0, 3, 0, 1e-3])
            let negative = try #require(throws: Failure.self) { try read(.features) }
            #expect(negative.place == folder.file("m") + ":2:9" && negative.problem == "negative value")
            try XCText.writeOneFile(folder.file("m"), features: Self.matrix, labels: labels, isPacked: isPacked)
            #expect(try MatrixFile.format(path: folder.file("m")) == MatrixFormat(.oneFile, isPacked: isPacked))
            expect(try read(.values), [0, 2, 2, 4], [0, 3, 1, 3], [0.5, -2, 3, 1e-3])
            expect(try read(.labels), [0, 2, 2, 2], [0, 2], nil, cols: 3)
        }
    }

    @Test func oneFileForm() throws {
        let path = try folder.write("train.txt", "5 3 9\r\n8,1,8 0:1 2:2\r\n 1:1\n0:5\n7\n\n")
        expect(try read(path, .features), [0, 2, 3, 4, 4, 4], [0, 2, 1, 0], [1, 2, 1, 5], cols: 3)
        expect(try read(path, .labels), [0, 2, 2, 2, 3, 3], [1, 8, 7], nil, cols: 9)
    }

    @Test(
        "bad one-file text: place and problem",
        arguments: [
            ("2 3 2\n0 0:1\n2 1:1\n", MatrixFile.Kind.labels, ":3:1", "index out of range"),
            ("1 3 2\n0,x 0:1\n", .labels, ":2:3", "not a list of labels"), ("1 3 2\n0, 0:1\n", .features, ":2:3", "not a list"),
            ("1 3 2\n0,1:1\n", .features, ":2:3", "not a list"), ("1 3 2\n0 0:1 0:2\n", .features, ":2:7", "index repeated"),
            ("1 3 2\n0 3:1\n", .features, ":2:3", "index out of range"), ("3 3 2\n0 1:1\n", .labels, ":1", "number of rows"),
            ("1 3 3000000000\n0 1:1\n", .labels, ":1", "more columns"), ("1 2 3 4\n", .labels, ":1", "no header"),
        ]) func badOneFile(_ text: String, _ kind: MatrixFile.Kind, _ place: String, _ problem: String) throws
    {
        let path = try folder.write("train.txt", text)
        let failure = try failure(path, kind)
        #expect(failure.place == path + place && failure.problem.contains(problem))
    }

    @Test func sequences() throws {
        let text = try folder.write("seq.txt", "3 5\n4:1 0:0 4:7\n2:1\n\n")
        expect(try read(text, .sequences), [0, 3, 4, 4], [4, 0, 4, 2], [1, 1, 1, 1], cols: 5)
        #expect(try failure(text, .features).problem == "indices out of order")
        try NPZ.writeCSR(path: folder.file("seq.npz"), matrix: read(text, .sequences))
        expect(try read(folder.file("seq.npz"), .sequences), [0, 3, 4, 4], [4, 0, 4, 2], [1, 1, 1, 1], cols: 5)
        // A few short documents may happen to be in order: only weights show that npz files are bags of words.
        try NPZ.writeCSR(path: folder.file("seq.npz"), matrix: CSRMatrix(cols: 5, rows: [[(1, 1), (4, 1)]]))
        #expect(try read(folder.file("seq.npz"), .sequences).indices.array == [1, 4])
        for name in ["bag.txt", "bag.npz"] {
            let format = try #require(MatrixFormat(extensionOf: name))
            try MatrixFile.write(CSRMatrix(cols: 5, rows: [[(1, 0.5), (4, 1)]]), to: folder.file(name), format: format)
            let failure = try failure(folder.file(name), .sequences)
            #expect(failure.problem.contains("bag of words") && failure.advice.contains("trn_X_seq.npz"))
        }
    }

    @Test func absurdSizes() throws {
        func npy(_ type: String, _ shape: String, _ data: [UInt8] = []) throws -> String {
            let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
            let text = header + String(repeating: " ", count: 117 - header.utf8.count) + "\n"
            return try folder.write("m.npy", [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(text.utf8) + data)
        }
        #expect(try failure(npy("<f4", "(4611686018427387904, 4)")).problem == "the file is cut off")
        #expect(try failure(npy("<f4", "(1099511627776, 0)")).problem == "wrong shape")
        #expect(try failure(npy("<f4", "(0, 99999999999)")).problem == "wrong shape")
        #expect(try failure(npy("|O", "(1, 1)", [0, 0, 0, 0, 0, 0, 0, 0])).problem == "wrong type")
        #expect(try failure(npy("<f4", "(1,)", [0, 0, 0, 0])).problem == "wrong shape")
        #expect(
            try failure(folder.write("m.txt", "1000000 2000000000\n" + String(repeating: "\n", count: 1_000_000)), .dense)
                .problem == "too sparse for dense features")
        #expect(try failure(folder.write("m.h5", [0x89] + Array("HDF\r\n".utf8))).found == "HDF5")
    }

    /// Opcodes, of which `*` stands for the protocol's two bytes, and what the refusal says.
    private static let badPickles: [(text: String, problem: String)] = [
        ("\u{80}\u{01}.", "unknown protocol"), ("*", "cut off"), ("*.", "cut off"), ("*h\u{07}.", "cut off"),
        ("*\u{8d}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}.", "cut off"),
        ("*\u{8e}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{7f}.", "cut off"),
        ("*\u{8a}\u{c8}.", "more than 64 bits"), ("*)" + String(repeating: "\u{85}", count: 5000) + ".", "nested too deep"),
        ("*" + String(repeating: "N", count: 50_000) + ".", "more operations"),
        ("*cos\nsystem\nX\u{02}\u{00}\u{00}\u{00}ls\u{85}R.", "`os.system` is refused"),
        ("*\u{8c}\u{02}os\u{8c}\u{06}system\u{93}.", "`os.system` is refused"),
        ("*cnumpy\nndarray\n)\u{81}.", "class that is no matrix"), ("*cnumpy\nndarray\n)R.", "not understood"),
        ("*}\u{8c}\u{04}data}s.", "a dict within a dict"), ("*N.", "something else"), ("*].", "lists"), ("*\u{97}.", "operation"),
        ("*cscipy.sparse\ncsr_matrix\n)\u{81}.", "without its state"), ("*(t(.", "cut off"),
    ]

    @Test(arguments: badPickles.indices) func refusedPickles(_ at: Int) throws {
        let (text, problem) = Self.badPickles[at]
        let bytes = text.replacing("*", with: "\u{80}\u{04}").unicodeScalars.map { UInt8($0.value) }
        #expect(try failure(folder.write("m.pkl", bytes)).problem.contains(problem))
    }

    @Test func damagedFilesAreReadOrRefused() throws {
        var random = XCTextFuzzTests.SeededGenerator(state: 17)
        try XCText.write(folder.file("m.gz"), matrix: Self.matrix, isPacked: true)
        let packed = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file("m.gz"))))
        var samples = [packed]
        for version in 2...5 {
            samples += [[UInt8](try oracle("csr_p\(version).pkl")), [UInt8](try oracle("array_p\(version).pkl"))]
        }
        for sample in samples {
            for count in stride(from: 1, to: sample.count, by: 5) {
                _ = try failure(folder.write("cut", Array(sample[..<count])))
            }
            for _ in 0..<200 {
                var bytes = sample
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = [0, 0xFF, UInt8.random(in: 0...255, using: &random)]
                        .randomElement(using: &random)!
                }
                let path = try folder.write("m", bytes)
                for kind in [MatrixFile.Kind.features, .labels, .dense] {
                    do { _ = try MatrixFile.read(path: path, kind: kind, threads: 1) } catch is Failure {}
                }
            }
        }
    }

    @Test func namesOfColumns() throws {
        #expect(NameFile.find(in: folder.path, .labels) == nil)
        let path = try folder.write("Y.txt", Array("\u{FEFF}one\r\ntwo words\n\nfour\n".utf8))
        #expect(NameFile.find(in: folder.path, .labels) == path && NameFile.find(in: folder.path, .features) == nil)
        #expect(try NameFile.read(path: path, count: 4) == ["one", "two words", "", "four"])
        #expect(try NameFile.read(path: folder.write("l1.txt", [0x61, 0xE9, 0x0A])) == ["a\u{FFFD}"])
        let failure = try #require(throws: Failure.self) { try NameFile.read(path: path, count: 3) }
        #expect(failure.found == "4 lines" && failure.expected == "3")
    }

    @Test func formatNames() {
        for name in MatrixFormat.names { #expect(MatrixFormat(name: name)?.name == name) }
        #expect(MatrixFormat(name: "npz.gz") == nil && MatrixFormat(name: "") == nil)
        #expect(MatrixFormat(extensionOf: "a/x.txt.gz") == MatrixFormat(.xcText, isPacked: true))
        #expect(MatrixFormat(extensionOf: "x.npz")?.layout == .npz && MatrixFormat(extensionOf: "x.npy.gz") == nil)
    }
}
