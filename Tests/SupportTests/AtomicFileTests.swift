import Foundation
import Support
import TestSupport
import Testing

/// What `body` throws, as the `Failure` that it must be.
private func failure(_ body: () throws -> Void) throws -> Failure {
    try #require(#expect(throws: Failure.self) { try body() })
}

private func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
}

@Suite struct AtomicFileTests {
    @Test func writesAndReplacesAndLeavesNothingElse() throws {
        let scratch = try TemporaryFolder()
        let path = scratch.file("deep/er/file.json")
        for content in ["first, and longer", "second"] {
            try AtomicFile.write(path, content.utf8)
            #expect(text(path) == content)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.file("deep/er")) == ["file.json"])
    }

    @Test func whatWasThereStaysWhereWritingFails() throws {
        struct Stop: Error {}
        let scratch = try TemporaryFolder()
        try AtomicFile.write(scratch.file("a"), "old".utf8)
        #expect(throws: Stop.self) {
            try AtomicFile.replace(scratch.file("a")) { temporary in
                try Data("half of the n".utf8).write(to: URL(fileURLWithPath: temporary))
                throw Stop()
            }
        }
        #expect(text(scratch.file("a")) == "old" && scratch.names == ["a"])
    }

    @Test("an abandoned file leaves no trace, and what was there stays") func inPieces() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("kept", "old")
        do {
            var file = try AtomicFile(path: path)
            try file.write(Array("new".utf8))
            #expect(folder.names.count == 2)
        }
        #expect(folder.names == ["kept"] && text(path) == "old")
        var file = try AtomicFile(path: path)
        try file.write(Array("new".utf8))
        try file.pad(to: 4)
        try file.commit()
        #expect(folder.names == ["kept"] && text(path) == "new\0")
    }

    @Test("a link stays a link to the file, which gets the new content") func links() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("file", "old"), link = folder.file("link")
        symlink("file", link)
        try AtomicFile.write(link, "new".utf8)
        #expect(text(path) == "new" && (try? FileManager.default.destinationOfSymbolicLink(atPath: link)) == "file")
        var file = try AtomicFile(path: link)
        try file.write(Array("newer".utf8))
        try file.commit()
        #expect(text(path) == "newer" && (try? FileManager.default.destinationOfSymbolicLink(atPath: link)) == "file")
        #expect(folder.names == ["file", "link"])
        unlink(path)
        #expect(try failure { try AtomicFile.write(link, "x".utf8) }.found == "a link that leads nowhere")
        #expect(try failure { _ = try AtomicFile(path: link) }.found == "a link that leads nowhere")
        #expect(folder.names == ["link"])
    }

    @Test("a dash, which is standard output to other commands, makes no file of that name") func dash() throws {
        #expect(try failure { _ = try AtomicFile(path: "-") }.code == .usage)
        #expect(try failure { try AtomicFile.write("-", "x".utf8) }.code == .usage)
        #expect(try failure { try AtomicFile.check("-", streams: true) }.code == .usage)
        #expect(try failure { _ = try AppendedFile(path: "-") }.code == .usage)
        #expect(!FileManager.default.fileExists(atPath: "-"))
    }

    @Test("a pipe or device is written through, never replaced") func streams() throws {
        let folder = try TemporaryFolder()
        let pipe = folder.file("pipe")
        mkfifo(pipe, 0o600)
        let reader = open(pipe, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        var file = try AtomicFile(path: pipe)
        try file.write(Array("abc".utf8))
        var bytes = [UInt8](repeating: 0, count: 8)
        #expect(read(reader, &bytes, 8) == 3 && bytes.prefix(3).elementsEqual("abc".utf8))
        try file.commit()
        #expect(folder.names == ["pipe"])
        // What needs a path to write to cannot be written through.
        #expect(try failure { try AtomicFile.write(pipe, "x".utf8) }.found == "a device or a pipe")
        let device = folder.file("null")
        guard mknod(device, S_IFCHR | 0o666, (1 << 8) | 3) == 0 else { return }
        #expect(try failure { try AtomicFile.write(device, "x".utf8) }.code == .usage)
        var status = stat()
        #expect(stat(device, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    }

    @Test func aFolderIsNoFile() throws {
        let folder = try TemporaryFolder()
        #expect(try failure { try AtomicFile.write(folder.path, "x".utf8) }.found == "a folder")
        #expect(try failure { _ = try AtomicFile(path: folder.path) }.found == "a folder")
    }

    @Test func aFileWhereAFolderShouldBe() throws {
        let scratch = try TemporaryFolder()
        try AtomicFile.write(scratch.file("file"), [])
        let found = try failure { try AtomicFile.write(scratch.file("file/below/a"), []) }
        #expect(found.code == .usage && found.place.hasPrefix(scratch.file("file")) && found.found == "Not a directory")
    }

    /// Root may write everywhere but here.
    @Test func aFolderThatNobodyMayWriteTo() throws {
        let found = try failure { try AtomicFile.write("/proc/self/deepxml", []) }
        #expect(found.code == .usage && found.place == "/proc/self/deepxml")
        let below = try failure { try AtomicFile.write("/sys/deepxml/file", []) }
        #expect(below.code == .usage && below.place == "/sys/deepxml" && !below.advice.isEmpty)
    }
}

@Suite struct SystemFailureTests {
    @Test("a full disk is no wrong use") func codes() {
        for error in [ENOSPC, EDQUOT, EMFILE, ENOMEM, EIO] {
            #expect(Failure.system(error, "the file cannot be written", "/a/b").code == .outOfResources)
        }
        for error in [EACCES, EROFS, ENOENT] {
            #expect(Failure.system(error, "the file cannot be written", "/a/b").code == .usage)
        }
        let full = Failure.system(ENOSPC, "the file cannot be written", "/a/b")
        #expect(full.place == "/a/b" && full.advice.contains("free some space"))
        #expect(full.advice.contains("file system of /a"))
    }

    @Test func partsOfPaths() {
        #expect(["/a/b", "/a", "a", "a/b/c"].map(parentFolder) == ["/a", "/", ".", "a/b"])
        #expect(["/a/b", "/a", "a", "a/b/"].map(lastName) == ["b", "a", "a", ""])
    }
}
