import Foundation
import TestSupport
import Testing

import Prepare

@Suite struct FastTextWatchTests {
    @Test func theLastShareOfALogCounts() {
        let log =
            "Read 0M words\nNumber of words:  12\n\rProgress:   3.5% words/sec/thread: 12 lr: 0.1\rProgress:  41.0% words/sec"
        #expect(FastTextWatch.share(inLog: log) == 0.41)
        #expect(FastTextWatch.share(inLog: "Read 0M words") == nil)
        #expect(FastTextWatch.share(inLog: "Progress:  9") == nil)
    }

    /// This process stands for the program: it reads a text twice, after the vocabulary.
    @Test func thePlaceInTheTextCountsOnceTheVocabularyIsRead() throws {
        let folder = try TemporaryFolder(), input = "\(folder.path)/watched-input.txt", log = "\(folder.path)/log"
        try Data(count: 1000).write(to: URL(fileURLWithPath: input))
        try Data("Read 0M words".utf8).write(to: URL(fileURLWithPath: log))
        let file = try #require(FileHandle(forReadingAtPath: input))
        defer { try? file.close() }
        var watch = FastTextWatch(
            process: ProcessInfo.processInfo.processIdentifier, input: input, log: log, epochs: 2)
        try file.seek(toOffset: 900)
        #expect(watch.share() == nil)
        try Data("Read 0M words\nNumber of words:  12\n".utf8).write(to: URL(fileURLWithPath: log))
        var shares: [Double?] = []
        for place: UInt64 in [100, 600, 1000, 200, 1000] {
            try file.seek(toOffset: place)
            shares.append(watch.share())
        }
        #expect(shares == [0.05, 0.3, 0.5, 0.6, 1])
    }
}
