import Formats
import Foundation
import Support

/// Reading XC text on one core, against `wc -l` of the same file.
enum Reading {
    static func run() throws {
        let path = NSTemporaryDirectory() + "/deepxml-bench-\(ProcessInfo.processInfo.processIdentifier).txt"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try makeText().write(to: URL(fileURLWithPath: path))
        let size = Double(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0)
        let seconds = fewestCPUSeconds(rounds: 3, [{ _ = try? MatrixFile.read(path: path, kind: .features, threads: 1) }])[0]
        let began = Date()
        let count = Process()
        count.executableURL = URL(fileURLWithPath: "/usr/bin/wc")
        count.arguments = ["-l", path]
        count.standardOutput = FileHandle.nullDevice
        try count.run()
        count.waitUntilExit()
        let lines = -began.timeIntervalSinceNow, speed = size / seconds / 1e6
        report(
            "reading XC text, \(Int(size / 1e6)) MB", "\(Int(speed)) MB/s",
            "200 MB/s (`wc -l`: \(Int(size / lines / 1e6)) MB/s)", speed / 200, "≥ 1")
    }

    /// About 200 MB: rows of 40 entries in 100,000 columns.
    private static func makeText() -> Data {
        let rows = 400_000
        var text = Data("\(rows) 100000\n".utf8), state: UInt64 = 1
        text.reserveCapacity(220 << 20)
        for _ in 0..<rows {
            var column = 0, line = ""
            for _ in 0..<40 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                column += 1 + Int(state >> 40) % 2400
                line += "\(column):\((state >> 33) % 9).\(10_000 + (state >> 20) % 90_000) "
            }
            text.append(contentsOf: line.dropLast().utf8)
            text.append(10)
        }
        return text
    }
}
