export function Note({ text }: { text: string }) {
  // ruleid: html-from-text
  document.body.innerHTML = text;
  // ruleid: html-from-text
  document.body.insertAdjacentHTML("beforeend", text);
  // ruleid: html-from-text
  eval(text);
  // ok: html-from-text
  document.body.textContent = text;
  // ruleid: html-from-text
  return <p dangerouslySetInnerHTML={{ __html: text }} />;
}

export function Safe({ text }: { text: string }) {
  // ok: html-from-text
  return <p>{text}</p>;
}
