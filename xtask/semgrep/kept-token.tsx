export function remember(answer: { access_token: string }, colours: string) {
  // ruleid: kept-token
  localStorage.setItem("session", answer.access_token);
  // ruleid: kept-token
  sessionStorage.setItem("session", JSON.stringify({ refreshToken: answer }));
  // ok: kept-token
  localStorage.setItem("colours", colours);
}
