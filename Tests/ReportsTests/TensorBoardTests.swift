import Foundation
import Messages
import Reports
import TestSupport
import Testing

@Suite struct TensorBoardTests {
    /// Tests/oracles/tensorboard_events.py has opened this file with TensorBoard's own reader, and found what was written.
    private var golden: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
            + "/oracles/events.out.tfevents"
    }

    @Test func bytesAreThoseThatTensorBoardReads() throws {
        let folder = try TemporaryFolder()
        let log = try TensorBoardLog(folder: folder.path, run: "DeepXML-Astec-Small-v_0", process: "host.1")
        for event in SampleRun.events(7) { try log.write(event) }
        let path = folder.file("DeepXML-Astec-Small-v_0_7/events.out.tfevents.1795608001.host.1")
        let bytes = try #require(FileManager.default.contents(atPath: path))
        if ProcessInfo.processInfo.environment["DEEPXML_WRITE_GOLDEN"] != nil {
            try bytes.write(to: URL(fileURLWithPath: golden))
        }
        #expect(bytes == FileManager.default.contents(atPath: golden))
    }
}
