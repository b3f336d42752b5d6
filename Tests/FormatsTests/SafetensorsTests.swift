import Formats
import Foundation
import Support
import TestSupport
import Testing

@Suite struct SafetensorsTests {
    private static let small =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
        + "/oracles/wordpiece/small.safetensors"

    /// Written by the reference (Tests/oracles/wordpiece.py).
    @Test func readsWhatTheReferenceWrites() throws {
        let file = try SafetensorsFile(path: Self.small)
        let floats: [Float] = [0, 1.5, -2.25, 3.140625, -65504, 6.103515625e-05]
        for (name, rows, cols) in [("single", 2, 3), ("half", 2, 3), ("vector", 1, 6), ("cube", 2, 3)] {
            let matrix = try file.floats(name)
            #expect((matrix.rows, matrix.cols) == (rows, cols) && matrix.buffer.array == floats, "\(name)")
        }
        // bfloat16 keeps the upper half of each float.
        let brain = floats.map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) }
        #expect(try file.floats("brain").buffer.array == brain && brain != floats)
        #expect(try file.floats("scalar").buffer.array == [3.140625])
        #expect(try file.floats("empty").buffer.count == 0)
        #expect(file.tensors.map(\.span.count).reduce(0, +) == 120 && file["ids"]?.shape == [2])
    }

    @Test func refusesWhatAreNoFloats() throws {
        let file = try SafetensorsFile(path: Self.small)
        #expect(throws: Failure.self) { try file.floats("ids") }
        #expect(refusal { _ = try file.floats("ids") }?.found == "I64 [2]")
        #expect(refusal { _ = try file.floats("not finite") }?.problem == "value not finite")
        #expect(refusal { _ = try file.floats("singel") }?.advice == "did you mean single?")
    }

    /// Each of these the reference refuses too.
    @Test(arguments: [
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "type and shape need"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "overlap, or leave a hole"),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4,
            "overlap"
        ),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5, "longer than its header says"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3, "cut off"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "does not describe an array"),
        (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "does not describe an array"),
        (#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, 4, "does not describe an array"),
        (#"{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}"#, 4, "does not describe an array"),
        (#"{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}"#, 4, "unknown type"),
        (#"{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}"#, 1, "type and shape need"),
        (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#, 4, "type and shape need"),
        (#"{"a":1}"#, 0, "does not describe an array"), (#"{"__metadata__":{"a":1}}"#, 0, "__metadata__"),
        (
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, 2,
            "twice"
        ),
        ("[]", 0, "no JSON object"), (#" {"a":1}"#, 0, "no JSON object"), (#"{"a":"#, 0, "JSON"), ("", 0, "no JSON object"),
    ])
    func refusesBadHeaders(header: String, bytes: Int, problem: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("bad.safetensors", safetensors(header: header, [UInt8](repeating: 0, count: bytes)))
        let failure = try #require(refusal { _ = try SafetensorsFile(path: path) })
        #expect(failure.code == .usage && failure.place.hasPrefix(path))
        #expect(failure.problem.contains(problem), "\(failure)")
    }

    @Test func anEmptyFileAndLyingLengthsAreRefused() throws {
        let folder = try TemporaryFolder()
        let header = #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#
        let good = safetensors(header: header, [])
        #expect(try SafetensorsFile(path: folder.write("good", good)).tensors.count == 1)
        #expect(try SafetensorsFile(path: folder.write("none", safetensors(header: "{}", []))).tensors.isEmpty)
        for length in [UInt64(header.utf8.count + 1), 100_000_001, 1 << 63, .max] {
            let bytes = withUnsafeBytes(of: length.littleEndian) { Array($0) } + good.dropFirst(8)
            #expect(refusal { _ = try SafetensorsFile(path: folder.write("lying", bytes)) } != nil, "\(length)")
        }
        #expect(refusal { _ = try SafetensorsFile(path: folder.write("empty", [UInt8]())) } != nil)
    }

    /// Each file cut off anywhere is refused, and 4,000 damaged ones are refused or read: none ends the process.
    @Test func cutAndDamagedFilesThrow() throws {
        let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Self.small)))
        for length in 0..<good.count {
            #expect(refusal { _ = try read(Array(good[..<length])) } != nil, "\(length) bytes")
        }
        var random = XCTextFuzzTests.SeededGenerator(state: 3)
        let telling = Array("\"{}[],:0159-.eFIBU\\".utf8)
        var accepted = 0
        var problems = Set<String>()
        for _ in 0..<4000 {
            var bytes = good
            for _ in 0..<Int(random.next() % 3 + 1) {
                let at = Int(random.next() % 600), byte = telling[Int(random.next() % UInt64(telling.count))]
                if random.next() % 2 == 0 {
                    bytes[at] = byte
                } else {
                    bytes[at] ^= UInt8(truncatingIfNeeded: 1 << (random.next() % 8))
                }
            }
            do {
                try read(bytes)
                accepted += 1
            } catch let failure as Failure { problems.insert(failure.problem) }
        }
        // The changes must reach both sides, and most of the refusals.
        #expect(accepted > 20 && accepted < 3900, "\(accepted)")
        #expect(problems.count >= 7, "\(problems)")
    }

    /// Reads all that a file has; arrays that are no floats are refused by themselves.
    private func read(_ bytes: [UInt8]) throws {
        let file = try SafetensorsFile(bytes.withUnsafeBytes { MappedFile(path: "input", content: $0) })
        for tensor in file.tensors { _ = try? file.floats(tensor.name) }
    }

    private func refusal(_ body: () throws -> Void) -> Failure? {
        do { try body() } catch { return error as? Failure }
        return nil
    }
}
