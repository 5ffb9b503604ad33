// Passkeys: which button starts the ceremony, and what a person reads when it fails.
(() => {
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    document.getElementById("passkey-failed").hidden = false;
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-passkey]")) {
      const { passkey, credential } = button.dataset;
      window.allauth.webauthn.forms[`${passkey}Form`]({ ids: { [passkey]: button.id, credential, data: "js_data" } });
    }
  });
})();
