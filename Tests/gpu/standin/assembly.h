// The few PTX instructions that kernels hold as text: `asm("name %0, %1;" : outputs : inputs)` becomes a call of the function
// standin_<name>, dots being underscores, which kernel.h has, with the operands in the order in which the instruction's text names them.
#pragma once
#include <string>
#include <vector>

namespace assembly {
inline bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

/// Behind what stands at `at`: a literal with its quotes, a group in parentheses, or one character.
inline size_t behind(const std::string &text, size_t at) {
    if (text[at] == '"') {
        for (at++; at < text.size() && text[at] != '"'; at++) at += text[at] == '\\';
        return at + 1;
    }
    if (text[at] != '(') return at + 1;
    for (at++; at < text.size() && text[at] != ')';) at = behind(text, at);
    return at + 1;
}

/// A call for the statement's inside; empty where it is none that we know.
inline std::string call(const std::string &inside) {
    std::string code;
    std::vector<std::string> operands;
    for (size_t at = 0; at < inside.size();) {
        size_t end = behind(inside, at);
        if (inside[at] == '"' && inside.find(':') > at) code += inside.substr(at + 1, end - at - 2);
        if (inside[at] == '(') operands.push_back(inside.substr(at, end - at));
        at = end;
    }
    size_t end = code.find(' ');
    if (end == std::string::npos) return "";
    std::string made = "standin_" + code.substr(0, end) + "(";
    for (char &c : made) c = c == '.' ? '_' : c;
    for (size_t at = end; (at = code.find('%', at)) != std::string::npos; at++) {
        size_t number = strtoul(code.c_str() + at + 1, nullptr, 10);
        if (number >= operands.size()) return "";
        made += (made.back() == '(' ? "" : ", ") + operands[number];
    }
    return made + ")";
}

/// The text with calls in the place of assembly; what is not understood is left to the compiler to refuse.
inline std::string without(const std::string &text) {
    std::string made;
    size_t copied = 0;
    for (size_t at = 0; (at = text.find("asm", at)) != std::string::npos; at += 3) {
        size_t open = text.find_first_not_of(' ', at + 3);
        if (open != std::string::npos && text.compare(open, 8, "volatile") == 0) open = text.find_first_not_of(' ', open + 8);
        if ((at > 0 && is_word(text[at - 1])) || open == std::string::npos || text[open] != '(') continue;
        size_t end = behind(text, open);
        std::string own = call(text.substr(open + 1, end - open - 2));
        if (own.empty()) continue;
        made += text.substr(copied, at - copied) + own;
        copied = end;
    }
    return made + text.substr(copied);
}
} // namespace assembly
