// Shell completion for bash, from the command tree itself, so that it cannot fall behind it.

/** @param words for each command path ("", "media", "media prepare") the words that may follow */
export function bashCompletion(words: ReadonlyMap<string, readonly string[]>): string {
  const commands = [...words.keys()].filter((path) => path !== '').map((path) => `'${path}'`);
  const cases = [...words].map(([path, next]) => `    '${path}') words='${next.join(' ')}' ;;`).join('\n');
  return `# bash completion for holdcast
_holdcast() {
  local words path='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in ${commands.join('|')}) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _holdcast holdcast
`;
}
