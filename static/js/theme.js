// Runs before the page is painted: light, dark, or whatever the system says.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem("greenroom-theme") || "system";
    } catch {
      return "system"; // storage is closed in some frames
    }
  }

  function apply() {
    const dark = chosen() === "dark" || (chosen() === "system" && system.matches);
    root.dataset.theme = dark ? "dark" : "light";
  }

  function choose(theme) {
    try {
      localStorage.setItem("greenroom-theme", theme);
    } catch {
      root.dataset.theme = theme;
      return;
    }
    apply();
  }

  apply();
  system.addEventListener("change", apply);
  window.greenroomTheme = { chosen, choose };
})();
