import Checkpoint
import Foundation
import Support
import TestSupport
import Testing

/// Files of Tests/oracles/hdf5_strangers.py, which h5py wrote: HDF5 follows what they point at, we don't.
@Suite struct StrangersFileTests {
    private func refusal(_ body: () throws -> Void) -> Failure? {
        do { try body() } catch { return error as? Failure }
        return nil
    }

    private func path(_ name: String) -> String { oraclePath("../Fixtures/hdf5/\(name).h5") }

    @Test(arguments: ["good", "packed"]) func whatLiesInTheFileIsRead(name: String) throws {
        let scores = try ForeignScores(path(name))
        #expect(scores.starts.array == [0, 2, 3] && scores.columns.array == [1, 4, 0] && scores.values.array == [0.5, 0.25, 1])
        let names = try H5File(opening: path(name)).datasetNames()
        #expect(names == ["data", "indices", "indptr"])
    }

    @Test(arguments: [
        ("external_link", "a link in place of /data"), ("soft_link", "a link in place of /data"),
        ("other_files", "elements of data that lie in other files"), ("virtual", "a virtual dataset, data"),
        ("filter", "a filter of data that is none of gzip"),
    ])
    func whatLeadsElsewhereIsRefused(name: String, found: String) throws {
        let failure = refusal { _ = try ForeignScores(path(name)) }
        #expect(
            failure?.code == .usage && failure?.found.hasPrefix(found) == true && failure?.place == path(name),
            "\(failure as Any)")
    }

    @Test func groupsThatLieInAnotherFileAreNotListed() throws {
        let file = try H5File(opening: path("linked_group"))
        for failure in [
            refusal { _ = try file.datasetNames() }, refusal { _ = try file.attribute("shape", on: "group") },
            refusal { _ = try file.info("group/data") },
        ] {
            #expect(failure?.found == "a link in place of /group")
        }
    }

    @Test func whatIsTooLargeForTheFileIsNotAskedFor() throws {
        let failure = refusal { _ = try ForeignScores(path("huge")) }
        #expect(failure?.problem == "a dataset out of proportion to its file")
        #expect(failure?.found.hasPrefix("1099511627776 elements") == true)
    }

    @Test func groupsThatHoldThemselvesHaveAnEnd() throws {
        let file = try H5File(opening: path("cycle"))
        let failure = refusal { _ = try file.datasetNames() }
        #expect(failure?.found.contains("more than 16 levels") == true)
    }

    /// No checksum covers where a local heap's texts lie; HDF5's own driver takes what lies nowhere for a part of its buffer.
    @Test func aHeapThatLiesNowhereIsRefused() throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path("other_files")))
        let heap = try #require(bytes.range(of: Data("HEAP".utf8)))
        bytes.replaceSubrange(heap.lowerBound + 24..<heap.lowerBound + 32, with: Data(repeating: 0xFF, count: 8))
        let scratch = try TemporaryFolder(), damaged = try scratch.write("damaged.h5", bytes)
        let file = try H5File(opening: damaged)
        for failure in [refusal { _ = try file.datasetNames() }, refusal { _ = try file.info("data") }] {
            #expect(failure?.code == .damagedCheckpoint && failure?.found.contains("beyond") == true, "\(failure as Any)")
        }
    }

    /// HDF5's older formats have no checksums, and the library trusts them.
    @Test func aCheckpointIsOfTheNewestFormat() throws {
        let scratch = try TemporaryFolder()
        let file = try H5File(creating: scratch.file("new.h5"))
        try file.write("f", Buffer<Float>([1]))
        try file.close()
        let read: Buffer<Float> = try H5File(opening: scratch.file("new.h5"), isOurs: true).read("f")
        #expect(read.array == [1])
        var bytes = try Data(contentsOf: URL(fileURLWithPath: scratch.file("new.h5")))
        bytes[8] = 0
        let old = try scratch.write("old.h5", bytes)
        let failure = refusal { _ = try H5File(opening: old, isOurs: true) }
        #expect(failure?.found.hasPrefix("no superblock of version 2") == true)
    }
}
