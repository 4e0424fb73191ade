(() => {
  const ladder = document.currentScript.closest("main")?.querySelector(".ladder") ?? document.querySelector(".ladder");
  const steps = [...ladder.querySelectorAll(".step")];
  const head = document.querySelector("body > header");
  if (head && ["sticky", "fixed"].includes(getComputedStyle(head).position)) ladder.style.setProperty("--ladder-head", `${head.offsetHeight}px`);
  let at = -1;
  const show = () => {
    at = steps.findIndex((step) => step.hash === location.hash);
    steps.forEach((step, n) => step.classList.toggle("on", n === at));
    if (at < 0) return;
    steps[at].scrollIntoView({ block: "nearest" });
    ladder.querySelector(".messages").scrollTop = 0;
  };
  const go = (n) => location.replace(steps[Math.max(0, Math.min(n, steps.length - 1))].hash);
  addEventListener("hashchange", show);
  addEventListener("keydown", (event) => {
    if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: steps.length - 1 };
    if (!(event.key in keys) || !steps.length) return;
    event.preventDefault();
    go(keys[event.key]);
  });
  show();
})();
