import Glibc
import Support

/// One parser under test: reads a file of this content, and may throw `Failure`, nothing else.
typealias Parser = @Sendable (_ content: UnsafeRawBufferPointer) throws -> Void

/// The parser that `DEEPXML_FUZZ_TARGET` names.
private let parser: Parser = {
    let name = getenv("DEEPXML_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let parser = parsers[name] else {
        print("DEEPXML_FUZZ_TARGET=\(name): expected one of \(parsers.keys.sorted().joined(separator: " "))")
        exit(2)
    }
    return parser
}()

/// Bytes of memory that the process has had so far. libFuzzer runs one input at a time.
nonisolated(unsafe) private var peak = 0

/// libFuzzer's entry. It finds crashes and hangs itself; what it cannot see is checked here: errors that are no `Failure`,
/// messages without end, and memory out of proportion to the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    if peak == 0 { peak = peakMemory() }
    do {
        try parser(UnsafeRawBufferPointer(start: start, count: count))
    } catch let failure as Failure {
        let length = failure.description.utf8.count
        precondition(length < 8192, "a message of \(length) bytes")
    } catch {
        preconditionFailure("an error that is no Failure: \(error)")
    }
    let before = peak
    peak = peakMemory()
    precondition(peak - before < 64 << 20 + 4096 * count, "\(peak - before) bytes of memory for an input of \(count) bytes")
    return 0
}

/// Bytes.
private func peakMemory() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss << 10
}
